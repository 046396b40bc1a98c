package import MeshChecks
package import MeshCore

/// Where all chains of a mesh begin, in the words of the node that made it: the first settled one
/// of a mesh without a birth. Signed, so that nobody can end a mesh's history without being known
/// for it. Update kind 34:
///
///     birth 16 | key 32 | signature 64
///
/// It carries the key because its maker may have left the mesh years ago.
package struct SignedBirth: Hashable, Sendable {
    package static let byteCount = 112

    package let birth: Birth
    package let key: PublicKey
    /// The maker, whose key this is.
    package let node: NodeID
    package let signature: Signature

    package init(
        birth: Birth, key: PublicKey, signature: Signature, using cryptography: any Cryptography
    ) {
        self.birth = birth
        self.key = key
        node = NodeID(of: key, using: cryptography)
        self.signature = signature
    }

    /// The bytes that the maker signs: domain, mesh, birth.
    package static func signedBytes(of birth: Birth, mesh: MeshID) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(mesh, domain: .birth)
        writer.write(birth.bytes)
        return writer.bytes
    }

    package func isValid(mesh: MeshID, using cryptography: any Cryptography) -> Bool {
        cryptography.isValid(signature, over: Self.signedBytes(of: birth, mesh: mesh), by: key)
    }

    package func update() -> Update {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        writer.write(birth.bytes)
        writer.write(key.bytes)
        writer.write(signature)
        return Update(kind: UpdateKind.birth, body: writer.bytes)
    }

    /// Reads the whole of an update's body. The signature is not verified.
    package static func decode(
        _ body: [UInt8], using cryptography: any Cryptography
    ) throws(DecodeError) -> SignedBirth {
        var reader = ByteReader(body)
        let birth = Birth(try reader.readBytes16())
        let key = PublicKey(try reader.readBytes32())
        let signature = try reader.readSignature()
        try reader.requireEnd()
        return SignedBirth(birth: birth, key: key, signature: signature, using: cryptography)
    }
}
