import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshVerdicts

// What one part of the node wants of another, moved until none wants anything more.

extension Node {
    mutating func pump(now: Instant) {
        var isIdle = false
        while !isIdle {
            isIdle = true
            while let inbound = membership.popInbound() {
                take(inbound, now: now)
                isIdle = false
            }
            while let effect = membership.popEffect() {
                perform(effect, now: now)
                isIdle = false
            }
            while let effect = verdicts.popEffect() {
                perform(effect, now: now)
                isIdle = false
            }
            while let effect = notices.popEffect() {
                perform(effect, now: now)
                isIdle = false
            }
            while let effect = rollCall.popEffect() {
                perform(effect, now: now)
                isIdle = false
            }
            while let effect = truthSync.popEffect() {
                perform(effect, now: now)
                isIdle = false
            }
            while courier.isReady,
                let parcel = courier.popSend(retry: membership.pingTimeout, now: now)
            {
                let message = EngineMessage.parcel(number: parcel.number)
                let isSent = membership.send(
                    kind: message.kind, fields: message.fields, updates: parcel.updates,
                    to: parcel.node, now: now)
                if !isSent, membership.key(of: parcel.node) == nil { courier.forget(parcel.node) }
                isIdle = false
            }
        }
        updateDigest()
        nextDeadline = earliestDeadline
    }

    private mutating func updateDigest() {
        for (key, hash) in verdicts.takeChangedDossiers() {
            dossiers.setVerdicts(hash, of: key)
        }
        for (key, hash) in notices.takeChangedDossiers() { dossiers.setNotices(hash, of: key) }
        let birth = verdicts.birth.map { StableHash.of($0.birth.bytes.high, $0.birth.bytes.low) }
        dossiers.setBirth(birth ?? 0)
        membership.truthDigest = dossiers.digest.root
    }

    // MARK: Membership

    private mutating func perform(_ effect: MembershipEffect, now: Instant) {
        switch effect {
        case .send(let payload, let address, let isAcquainted, let wireVersion):
            counters.datagramsSent += 1
            outbox.add(
                .send(
                    transport.seal(payload, isAcquainted: isAcquainted, wireVersion: wireVersion),
                    to: address))
        case .openStream(let stream, let address): outbox.add(.openStream(stream, to: address))
        case .write(let bytes, let stream): outbox.add(.write(bytes, on: stream))
        case .close(let stream): outbox.add(.close(stream))
        case .sign(let bytes, let token):
            outbox.add(.sign(bytes, token: Outbox.Signer.membership.token(token.number)))
        case .resolve(let seed): outbox.add(.resolve(seed: seed))
        case .storeGeneration(let generation): outbox.add(.storeGeneration(generation))
        case .report(let event):
            note(event, now: now)
            outbox.add(.report(event))
        case .stop(let reason): outbox.add(.stop(reason))
        }
    }

    // MARK: Verdicts

    private mutating func perform(_ effect: VerdictEffect, now: Instant) {
        switch effect {
        case .look(let order): outbox.add(.look(order))
        case .sign(let bytes, let token):
            outbox.add(.sign(bytes, token: Outbox.Signer.verdicts.token(token)))
        case .mail(let update, let subject, let nodes):
            mail(update, about: subject, to: nodes)
        case .tellAll(let update, let subject):
            guard let update = Self.datagramForm(of: update) else { return }
            membership.broadcast(update, about: Self.key(subject), now: now)
        case .hush(let subject): membership.unbroadcast(Self.key(subject))
        case .send(let message, let node):
            guard let update = VerdictMail.update(message) else { return }
            _ = membership.send(
                kind: EngineMessage.envelope.kind, fields: [], updates: [update], to: node,
                now: now)
        case .needMajority(let since): callRoll(since: since, now: now)
        case .compare(let node): _ = truthSync.force(node, now: now)
        case .store(let item): outbox.add(.store(item, token: nil))
        case .certified(let certificate, let origin):
            learn(certificate, origin: origin, isContested: false, now: now)
        case .report(let event):
            outbox.add(.reportCheck(event))
            tell(event, now: now)
        }
    }

    static func key(_ subject: Bytes16) -> DisseminationQueue.Key {
        DisseminationQueue.Key(subject: subject)
    }

    mutating func mail(_ update: Update, about subject: Bytes16, to nodes: [NodeID]) {
        let key = DisseminationQueue.Key(subject: subject, slot: update.kind)
        guard let update = Self.datagramForm(of: update) else { return }
        for node in nodes where membership.isReachable(node) && node != membership.id {
            courier.enqueue(update, about: key, to: node)
        }
    }

    // MARK: Notices

    private mutating func perform(_ effect: NoticesEffect, now: Instant) {
        switch effect {
        case .sendClaim(let update, let nodes):
            for node in nodes { envelope(update, to: node, now: now) }
        case .answer(let update, let node): envelope(update, to: node, now: now)
        case .store(let item, let token): outbox.add(.store(item, token: token))
        case .sign(let bytes, let token):
            outbox.add(.sign(bytes, token: Outbox.Signer.notices.token(token.number)))
        case .spread(let update, let owners):
            let subject = Self.subject(of: update, using: cryptography)
            mail(update, about: subject, to: owners)
            membership.broadcast(update, about: Self.key(subject), now: now)
        case .deliver(let order): outbox.add(.deliver(order))
        case .needMajority:
            callRoll(since: now, now: now)
            settling.noticesWait = true
        case .recall(let check): recall(check, now: now)
        case .report(let event):
            switch event {
            case .changed(let view):
                health.note(view.status, of: view.notice.contact, now: now)
            case .equivocated(let node, let first, let second):
                noteEquivocation(of: node, .notice, first, second, now: now)
            case .recorded, .refused: break
            }
            outbox.add(.reportNotice(event))
        }
    }

    private mutating func envelope(_ update: Update, to node: NodeID, now: Instant) {
        _ = membership.send(
            kind: EngineMessage.envelope.kind, fields: [], updates: [update], to: node, now: now)
    }

    /// Receipts and records are told each for itself: their own bytes name them.
    static func subject(of update: Update, using cryptography: any Cryptography) -> Bytes16 {
        var hash = TaggedHash("told")
        hash.combine(update.body)
        return hash.finalize(using: cryptography)
    }

    // MARK: The majority

    /// Most calls are answered by one that runs or has just ended: only another asks who is to be
    /// called.
    private mutating func callRoll(since: Instant, now: Instant) {
        let isNeeded = rollCall.mustBegin(since: since, now: now)
        rollCall.ask(
            since: since, now: now, known: isNeeded ? membership.countedKnown : [],
            clones: isNeeded ? membership.countedClones : [], using: &generator)
    }

    private mutating func perform(_ effect: RollCall.Effect, now: Instant) {
        switch effect {
        case .call(let node, let number):
            let message = EngineMessage.rollCall(number: number)
            _ = membership.send(
                kind: message.kind, fields: message.fields, updates: [], to: node, now: now)
        case .outcome(let hasMajority, let callBegan):
            verdicts.handle(majority: hasMajority, callBegan: callBegan, now: now)
            if settling.noticesWait {
                settling.noticesWait = false
                notices.handleMajority(hasMajority, now: now)
            }
        }
    }

    // MARK: Dossiers

    private mutating func perform(_ effect: TruthSync.Effect, now: Instant) {
        switch effect {
        case .open(let node):
            let stream = membership.openForeignStream(to: node, now: now)
            truthSync.handle(opened: stream, to: node, now: now)
        case .write(let kind, let body, let stream):
            membership.writeForeign(kind, body, on: stream)
        case .close(let stream): membership.closeForeign(stream)
        case .received(_, let updates, let node):
            // The parent of a verdict, and the birth of all, come before what leans on them.
            for update in updates.sorted(by: { $0.kind > $1.kind })
            where update.kind == UpdateKind.birth {
                take(update, from: nil, now: now)
            }
            for update in updates where update.kind == UpdateKind.certificate {
                take(update, from: node, now: now)
            }
            for update in updates
            where update.kind != UpdateKind.birth && update.kind != UpdateKind.certificate {
                take(update, from: nil, now: now)
            }
        case .finished(let node, let isOurs, let newsCount, let isWhole):
            if isOurs { noteExchange(endedWith: node, hasFailed: false, now: now) }
            // What an exchange before did not mend either will not be mended by waiting.
            if isWhole || isOurs && newsCount == 0, membership.isNamedPeer(node) {
                settling.hasTruthSynced = true
            }
            considerSettling(now: now)
        case .failed(let node, let isOurs):
            if isOurs { noteExchange(endedWith: node, hasFailed: true, now: now) }
            // A node that has not settled needs one exchange; the next peer may do.
            if isOurs, !settling.hasTruthSynced, membership.isReachable(node) {
                timers.schedule(.settling, at: now + .milliseconds(500))
            }
        }
    }
}
