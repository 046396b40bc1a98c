import MeshCore
import MeshEngine
import MeshMembership

/// Liars at the seam: their nodes run the true code, and what goes in and out is tampered with.
extension World {
    /// What becomes of a liar's effect; `nil` if nothing.
    func lied(_ effect: NodeEffect, of number: Int) -> NodeEffect? {
        guard let lie = watch.liars[number] else { return effect }
        switch (lie, effect) {
        case (.staysSilent, .sign(let message, _)):
            return StanceBytes(message) == nil ? effect : nil
        case (.equivocates, .send(let datagram, let address)):
            guard isShownTheTwin(address), let tongue = watch.tongues[number] else {
                return effect
            }
            return .send(
                resealed(datagram, of: number) { tongue.exchanged($0) }, to: address)
        case (.equivocates, .write(let bytes, let stream)):
            guard let tongue = watch.tongues[number], stream.number.isMultiple(of: 2) else {
                return effect
            }
            return .write(tongue.exchanged(bytes), on: stream)
        case (.showsStaleHeads, .send(let datagram, let address)):
            var tongue = watch.tongues[number] ?? LiarTongue()
            let sealed = resealed(datagram, of: number) { tongue.aged($0, to: address) }
            watch.tongues[number] = tongue
            return .send(sealed, to: address)
        case (.saysDown, _), (.saysUp, _), (.changesItsMind, _), (.claimsToHaveSent, _),
            (.staysSilent, _), (.equivocates, _), (.showsStaleHeads, _):
            return effect
        }
    }

    /// Every other place is shown the one entry, the rest the other.
    private func isShownTheTwin(_ address: SocketAddress) -> Bool {
        AddressPlan.process(at: address).map { $0.isMultiple(of: 2) } ?? false
    }

    func noteLiarSigned(_ message: [UInt8], _ signature: Signature, by number: Int) {
        guard watch.liars[number] == .equivocates, let stance = StanceBytes(message) else { return }
        watch.tongues[number, default: LiarTongue()]
            .equivocate(stance, signature, processes[number].keys)
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
