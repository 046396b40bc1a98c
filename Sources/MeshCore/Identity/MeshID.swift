/// What a mesh is called on the wire: 16 bytes of SHA-256 over its name. In every signature, so
/// that nothing said in one mesh counts in another that shares a key.
package struct MeshID: Hashable, Sendable {
    package var bytes: Bytes16

    package init(named name: Label, using cryptography: any Cryptography) {
        var hash = TaggedHash("checkmesh mesh")
        hash.combine(Array(name.text.utf8))
        bytes = hash.finalize(using: cryptography)
    }
}

/// The first word of everything signed: no signature of one kind passes for another.
package enum SignatureDomain: String, Sendable {
    case alive = "checkmesh alive 1"
    case claim = "checkmesh claim 1"
    /// An entry of a node's own log: what it holds against a check's certified state.
    case stance = "checkmesh stance 1"
    case birth = "checkmesh birth 1"
    case receipt = "checkmesh receipt 1"
    case record = "checkmesh record 1"
}

extension ByteWriter {
    package mutating func write(_ mesh: MeshID, domain: SignatureDomain) {
        writePrefixed(Array(domain.rawValue.utf8))
        write(mesh.bytes)
    }
}
