import MeshCore
import MeshMembership

/// Seals what this node sends and opens what it receives (section 4 of the design).
///
/// Every boot of a node seals under a key of its own, HKDF(mesh secret, mesh name, NodeID,
/// generation, boot id), with a counter as nonce. A restored snapshot or a copied data directory
/// has another boot id and therefore another key: no nonce is ever used twice under one key. The
/// generation is the one that the boot began with; a collision that raises it changes no key.
struct SecureTransport: Sendable {
    /// One mesh secret, and what it is called on the wire.
    private struct Secret: Sendable {
        let bytes: [UInt8]
        let id: UInt32
    }

    enum Rejection: Error, Sendable {
        case malformed, unknownVersion, unknownKey, forged, replayed
        case unknownBoot(BootID)
    }

    struct Opened: Sendable {
        let node: NodeID
        let payload: [UInt8]
        let header: PacketHeader
    }

    private let cryptography: any Cryptography
    private let mesh: Label
    /// The first seals; all of them open.
    private let secrets: [Secret]
    private let id: NodeID
    private let bootID: BootID
    private let wireVersions: ClosedRange<UInt8>
    private let generation: UInt32
    private let ownKey: any SealingKey
    private var counter: UInt64 = 0
    private var sessions: SessionTable

    static var sessionsMax: Int { 2 * MembershipBounds.membersMax }

    init(_ configuration: NodeConfiguration, id: NodeID, cryptography: any Cryptography) {
        let local = configuration.local
        self.cryptography = cryptography
        self.id = id
        mesh = local.mesh
        bootID = local.bootID
        generation = local.generation
        wireVersions = configuration.parameters.wireVersions
        secrets = configuration.secrets.map { secret in
            Secret(
                bytes: secret,
                id: Self.keyID(of: secret, mesh: local.mesh, using: cryptography))
        }
        sessions = SessionTable(limit: Self.sessionsMax)
        ownKey = Self.key(
            secrets[0].bytes, mesh: mesh, node: id, generation: generation, bootID: bootID,
            using: cryptography)
    }

    /// The first four bytes of SHA-256 over a domain word, the mesh's name and the secret: names
    /// the secret without trying it, and tells nothing about it that a guess at it would not.
    static func keyID(of secret: [UInt8], mesh: Label, using cryptography: any Cryptography)
        -> UInt32
    {
        var writer = ByteWriter()
        writer.writePrefixed(Array("checkmesh key id 1".utf8))
        writer.write(mesh)
        writer.writePrefixed(secret)
        return UInt32(truncatingIfNeeded: cryptography.sha256(writer.bytes).high.high >> 32)
    }

    private static func key(
        _ secret: [UInt8], mesh: Label, node: NodeID, generation: UInt32, bootID: BootID,
        using cryptography: any Cryptography
    ) -> any SealingKey {
        var info = ByteWriter(reservingCapacity: 64)
        info.writePrefixed(Array("checkmesh datagram 1".utf8))
        info.write(node.bytes)
        info.write(generation)
        info.write(bootID.word)
        return cryptography.deriveKey(
            secret: secret, salt: Array(mesh.text.utf8), info: info.bytes)
    }

    /// A datagram with `payload`. Expects it to fit `MembershipBounds.datagramByteCountMax`.
    mutating func seal(_ payload: [UInt8], isAcquainted: Bool, wireVersion: UInt8) -> [UInt8] {
        counter += 1
        let header = PacketHeader(
            wireVersion: wireVersion, keyID: secrets[0].id, bootID: bootID, counter: counter,
            introduction: isAcquainted ? nil : .init(node: id, generation: generation))
        var writer = ByteWriter(
            reservingCapacity: header.byteCount + payload.count + sealTagByteCount)
        header.write(to: &writer)
        writer.writeRaw(payload)
        var packet = writer.bytes
        ownKey.seal(&packet, headerCount: header.byteCount, counter: counter)
        precondition(
            packet.count <= MembershipBounds.datagramByteCountMax,
            "expected a datagram within its bound")
        return packet
    }

    /// Opens a datagram. `owner` is who uses its boot id by what members have said of themselves;
    /// to be given only after a first call has thrown `unknownBoot`, since finding it is a walk.
    mutating func open(
        _ datagram: [UInt8], sentBy owner: PacketHeader.Introduction? = nil
    ) throws(Rejection) -> Opened {
        guard
            (PacketHeader.shortByteCount + sealTagByteCount...MembershipBounds.datagramByteCountMax)
                .contains(datagram.count)
        else { throw .malformed }
        var reader = ByteReader(datagram)
        guard let header = try? PacketHeader.decode(&reader),
            datagram.count >= header.byteCount + sealTagByteCount
        else { throw .malformed }
        guard wireVersions.contains(header.wireVersion) else { throw .unknownVersion }
        guard let secret = secrets.first(where: { $0.id == header.keyID }) else {
            throw .unknownKey
        }
        let name = SessionTable.Name(bootID: header.bootID, keyID: header.keyID)
        var packet = datagram
        let session = try open(&packet, header, secret, candidates(name, header, secret, owner))
        sessions.accept(header.counter, in: session, as: name)
        packet.removeFirst(header.byteCount)
        return Opened(node: session.owner.node, payload: packet, header: header)
    }

    /// The sessions that a datagram may have been sealed under: the one that its long header
    /// names, or those known by its boot id, or the one that `owner` would have.
    private func candidates(
        _ name: SessionTable.Name, _ header: PacketHeader, _ secret: Secret,
        _ owner: PacketHeader.Introduction?
    ) throws(Rejection) -> [SessionTable.Session] {
        let known = sessions.sessions(name)
        if let introduction = header.introduction {
            if let match = known.first(where: { $0.owner == introduction }) { return [match] }
            return [session(of: introduction, header, secret)]
        }
        if let owner, !known.contains(where: { $0.owner == owner }) {
            return known + [session(of: owner, header, secret)]
        }
        guard !known.isEmpty else { throw .unknownBoot(header.bootID) }
        return known
    }

    private func session(
        of owner: PacketHeader.Introduction, _ header: PacketHeader, _ secret: Secret
    ) -> SessionTable.Session {
        SessionTable.Session(
            owner: owner,
            key: Self.key(
                secret.bytes, mesh: mesh, node: owner.node, generation: owner.generation,
                bootID: header.bootID, using: cryptography))
    }

    /// Opens `packet` under the first of the sessions that fits.
    private func open(
        _ packet: inout [UInt8], _ header: PacketHeader, _ secret: Secret,
        _ sessions: [SessionTable.Session]
    ) throws(Rejection) -> SessionTable.Session {
        var isReplay = false
        let sealed = packet
        for session in sessions {
            guard session.window.isNew(header.counter) else {
                isReplay = true
                continue
            }
            packet = sealed
            if session.key.open(
                &packet, headerCount: header.byteCount, counter: header.counter)
            {
                return session
            }
        }
        throw isReplay ? .replayed : .forged
    }
}
