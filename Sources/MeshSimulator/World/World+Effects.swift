import MeshCore
import MeshEngine
import MeshMembership

/// The shell of the simulator: one loop and one exhaustive switch, as in the daemon.
extension World {
    /// Does everything that a node wants done, then sets its alarm.
    func drain(_ number: Int) {
        while processes[number].isUp, let effect = processes[number].node?.popEffect() {
            perform(effect, of: number)
        }
        rearm(number)
    }

    func perform(_ effect: NodeEffect, of number: Int) {
        guard let effect = saboteur.sabotaged(effect, of: number, in: self),
            let effect = watch.liars.isEmpty ? effect : lied(effect, of: number)
        else { return }
        switch effect {
        case .send(let datagram, let address):
            transmit(datagram, from: number, to: address)
        case .openStream(let stream, let address):
            openStream(stream, from: number, to: address)
        case .write(let bytes, let stream):
            write(bytes, on: stream, of: number)
        case .close(let stream):
            close(stream, of: number)
        case .sign(let message, let token):
            sign(message, token: token, by: number)
        case .resolve(let seed):
            let delay = generator.span(from: .milliseconds(1), to: .milliseconds(5))
            queue.schedule(
                .resolved(
                    process: UInt32(number), life: UInt32(processes[number].life),
                    seed: UInt32(seed)), at: now + delay)
        case .storeGeneration(let generation):
            if !saboteur.diskLies { processes[number].disk.generation = generation }
            let local = processes[number].local(now)
            processes[number].node?.handleGenerationStored(generation, now: local)
        case .store(let item, let token):
            store(item, token: token, by: number)
        case .look(let order):
            look(order, by: number)
        case .deliver(let order):
            deliver(order, by: number)
        case .reportCheck(let event):
            record(event, by: number)
        case .reportNotice(let event):
            record(event, by: number)
        case .report(let event):
            let previous = record(event, by: number)
            note(.reported(process: number, event, previous: previous), .reported)
        case .stop(let reason):
            end(number, .stopped(reason), hostAnswers: true)
        }
    }

    private func sign(_ message: [UInt8], token: SigningToken, by number: Int) {
        if !saboteur.hidesSignatures(of: number, in: self) {
            ledger.record(message, author: identities.all[processes[number].identity].id)
        }
        let signature = processes[number].keys.sign(message)
        if !watch.liars.isEmpty { noteLiarSigned(message, signature, by: number) }
        guard setup.signerDelay > .zero else {
            let local = processes[number].local(now)
            processes[number].node?.handle(signature: signature, for: token, now: local)
            return
        }
        pendingSignatureCount += 1
        pendingSignatures[pendingSignatureCount] = PendingSignature(
            process: number, life: processes[number].life, signature: signature, token: token)
        queue.schedule(.signed(slot: pendingSignatureCount), at: now + setup.signerDelay)
    }

    /// Keeps the mirror of the node's views in step, and returns what it held before.
    private func record(_ event: MembershipEvent, by number: Int) -> ViewTable.View? {
        switch event {
        case .changed(
            let subject, let former, let state, let generation, let incarnation, let author):
            guard let identity = identities.number(of: subject) else { return nil }
            let previous = views.view(of: identity, by: number)
            let standing = Standing(
                generation: generation, incarnation: incarnation, state: state)
            let isOwnWord = author == identities.all[processes[number].identity].id
            views.set(
                .init(
                    standing: standing, since: now,
                    reachableSince: former?.isReachable ?? false
                        ? previous?.reachableSince ?? now : now,
                    isHearsay: former == nil && state == .dead && isOwnWord),
                of: identity, by: number)
            return previous
        case .removed(let subject):
            guard let identity = identities.number(of: subject) else { return nil }
            let previous = views.view(of: identity, by: number)
            views.set(nil, of: identity, by: number)
            return previous
        case .refuted, .nameConflict, .nameTaken, .collision, .datagramsBlocked, .stalled, .synced:
            return nil
        }
    }

    /// Something reaches a process: handled at once, or kept while it is paused.
    func arrive(_ arrival: SimulatedProcess.Arrival, at number: Int) {
        switch processes[number].state {
        case .running:
            handle(arrival, at: number)
            rearm(number)
        case .paused:
            if case .datagram = arrival {
                guard
                    processes[number].backlogDatagramCount < SimulatedProcess.backlogDatagramsMax
                else {
                    counts.datagramsUnheard += 1
                    return
                }
                processes[number].backlogDatagramCount += 1
            }
            processes[number].backlog.append(arrival)
            counts.backlogMax = max(counts.backlogMax, processes[number].backlog.count)
        case .absent, .down:
            if case .datagram = arrival { counts.datagramsUnheard += 1 }
        }
    }

    func handle(_ arrival: SimulatedProcess.Arrival, at number: Int) {
        let local = processes[number].local(now)
        switch arrival {
        case .datagram(let bytes, let sender, let provenance, let copy):
            handleDatagram(bytes, from: sender, provenance, copyOf: copy, at: number)
        case .accept(let connection):
            accept(connection)
        case .stream(let connection, let side, let event):
            handleStream(event, connection: connection, side: side, at: number)
        case .signature(let signature, let token):
            processes[number].node?.handle(signature: signature, for: token, now: local)
            drain(number)
        case .resolved(let seed):
            let addresses = [AddressPlan.address(ofProcess: seed)]
            processes[number].node?.handle(addresses: addresses, ofSeed: seed, now: local)
            drain(number)
        case .observation(let look):
            handleObservation(look)
        case .delivery(let delivery, let order):
            handleDelivery(delivery, order, at: number)
        case .stored(let token):
            processes[number].node?.handleStored(token, now: local)
            drain(number)
        }
    }
}
