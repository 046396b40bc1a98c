import MeshChecks
import MeshCore
import MeshEngine
import MeshMembership
import MeshNotices
import MeshVerdicts

/// Liars at the seam: their nodes run the true code, and what goes in and out is tampered with.
extension World {
    /// What becomes of a liar's effect; `nil` if nothing.
    func lied(_ effect: NodeEffect, of number: Int) -> NodeEffect? {
        guard let lie = watch.liars[number] else { return effect }
        switch effect {
        case .sign(let message, _):
            guard lie == .staysSilent, StanceBytes(message) != nil else { return effect }
            countLie(of: number)
            return nil
        case .send(let datagram, let address):
            return .send(
                resealed(datagram, of: number) { said($0, to: address, by: number, lie) },
                to: address)
        case .write(let bytes, let stream):
            guard lie == .equivocates, stream.number.isMultiple(of: 2) else { return effect }
            var tongue = watch.tongues[number] ?? LiarTongue()
            let exchanged = tongue.exchanged(bytes)
            watch.tongues[number] = tongue
            return .write(exchanged, on: stream)
        case .reportCheck(.flipped(let flip, _, let origin)):
            if origin != .restored { forgeTelling(of: flip, by: number, lie) }
            return effect
        case .openStream, .close, .resolve, .storeGeneration, .store, .look, .deliver, .report,
            .reportCheck, .reportNotice, .stop:
            return effect
        }
    }

    /// A payload as the liar has it leave.
    private func said(
        _ payload: [UInt8], to address: SocketAddress, by number: Int, _ lie: Lie
    ) -> [UInt8] {
        var tongue = watch.tongues[number] ?? LiarTongue()
        defer { watch.tongues[number] = tongue }
        switch lie {
        case .equivocates:
            return isShownTheTwin(address) ? tongue.exchanged(payload) : payload
        case .showsStaleHeads: return tongue.aged(payload, to: address)
        case .withholds: return tongue.silenced(payload)
        case .repeatsThePast:
            let burdened = tongue.burdened(payload)
            tongue.remember(payload)
            return burdened
        case .floodsHints:
            if tongue.burden.isEmpty { tongue.take(Forgeries.calls(to: watch.checks.ids)) }
            return tongue.burdened(payload)
        case .understatesRule, .rewritesRule, .inventsSigners, .claimsEverything, .fakesReceipts:
            return tongue.burdened(payload)
        case .saysDown, .saysUp, .changesItsMind, .claimsToHaveSent, .staysSilent:
            return payload
        }
    }

    func countLie(of number: Int) { watch.liesTold[number, default: 0] += 1 }

    /// How often what a liar's node saw or said was changed.
    package func liesTold(by number: Int) -> Int {
        watch.liesTold[number, default: 0] + (watch.tongues[number]?.liesTold ?? 0)
    }

    /// Every other place is shown the one entry, the rest the other.
    private func isShownTheTwin(_ address: SocketAddress) -> Bool {
        AddressPlan.process(at: address).map { $0.isMultiple(of: 2) } ?? false
    }

    /// What a liar makes of an entry that its node has had signed.
    func noteLiarSigned(_ message: [UInt8], _ signature: Signature, by number: Int) {
        guard let lie = watch.liars[number], let stance = StanceBytes(message) else { return }
        let body = stance.body(with: signature)
        switch lie {
        case .equivocates:
            watch.tongues[number, default: LiarTongue()]
                .equivocate(stance, signature, processes[number].keys)
        case .understatesRule: forgeProof(from: body, by: number, friends: 0) { $0 }
        case .rewritesRule:
            forgeProof(from: body, by: number, friends: 0) { rule in
                VotingRule(confirmations: 1, delay: rule.delay, interval: rule.interval)
            }
        case .inventsSigners: forgeProof(from: body, by: number, friends: 1) { $0 }
        case .saysDown, .saysUp, .changesItsMind, .claimsToHaveSent, .staysSilent,
            .showsStaleHeads, .repeatsThePast, .withholds, .claimsEverything, .fakesReceipts,
            .floodsHints:
            break
        }
    }

    private func forgeries(of number: Int) -> Forgeries {
        Forgeries(
            mesh: watch.checks.mesh, cryptography: cryptography, keys: processes[number].keys,
            zone: processes[number].zone)
    }

    private func forgeProof(
        from body: [UInt8], by number: Int, friends: Int, _ changed: (VotingRule) -> VotingRule
    ) {
        var reader = ByteReader(body)
        guard let id = try? reader.readBytes16(),
            let check = watch.checks.number(of: CheckID(id)),
            let certificate = forgeries(of: number).certificate(
                from: body, textID: watch.checks.textID(of: check),
                rule: changed(watch.checks.rule(of: check)),
                previous: watch.truth.certifiedState(check, by: number), friends: friends)
        else { return }
        watch.tongues[number, default: LiarTongue()].take(certificate)
    }

    /// What a liar says of a flip that people are to be told.
    private func forgeTelling(of flip: Flip, by number: Int, _ lie: Lie) {
        guard let check = watch.checks.number(of: flip.check),
            let contact = watch.checks.route(of: check)?.route.contact
        else { return }
        let count = UInt64(watch.truth.flips.count)
        switch lie {
        case .claimsEverything:
            watch.tongues[number, default: LiarTongue()]
                .take(forgeries(of: number).claim(on: flip, to: contact, number: 1 << 20 + count))
        case .fakesReceipts:
            let time = wallClock(of: number).time(at: processes[number].local(now))
            watch.tongues[number, default: LiarTongue()].take(
                forgeries(of: number).receipt(
                    of: flip, to: contact, generation: processes[number].startGeneration,
                    sequence: 1 << 20 + count, at: time))
        case .saysDown, .saysUp, .changesItsMind, .claimsToHaveSent, .staysSilent, .equivocates,
            .showsStaleHeads, .understatesRule, .rewritesRule, .inventsSigners, .repeatsThePast,
            .withholds, .floodsHints:
            break
        }
    }

    /// A datagram whose payload has been changed, sealed anew under the same header and counter:
    /// the receiver sees one datagram, as ever.
    private func resealed(
        _ datagram: [UInt8], of number: Int, _ change: ([UInt8]) -> [UInt8]
    ) -> [UInt8] {
        guard let header = DatagramHeader(datagram) else { return datagram }
        let payload = Array(datagram[header.byteCount..<datagram.count - sealTagByteCount])
        let changed = change(payload)
        guard changed != payload else { return datagram }
        let process = processes[number]
        var info = ByteWriter()
        info.writePrefixed(Array("checkmesh datagram 1".utf8))
        info.write(identities.all[process.identity].id.bytes)
        info.write(process.disk.generation)
        info.write(header.bootID.word)
        let key = cryptography.deriveKey(
            secret: setup.meshSecret, salt: Array(mesh.text.utf8), info: info.bytes)
        var packet = Array(datagram[..<header.byteCount]) + changed
        key.seal(&packet, headerCount: header.byteCount, counter: header.counter)
        return packet
    }
}
