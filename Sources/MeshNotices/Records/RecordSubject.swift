package import MeshChecks
package import MeshCore

/// What a record is about, and of which only one counts: H("silence", check) for a silence and its
/// end, H("acknowledgement", check), H("message", node, generation, sequence) for each message,
/// H("configuration") for all changes of it, H("report", node) for what a node says of itself.
package struct RecordSubject: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(silenceOf check: CheckID, using cryptography: any Cryptography) {
        var hash = TaggedHash("silence")
        hash.combine(check.bytes)
        bytes = hash.finalize(using: cryptography)
    }

    package init(acknowledgementOf check: CheckID, using cryptography: any Cryptography) {
        var hash = TaggedHash("acknowledgement")
        hash.combine(check.bytes)
        bytes = hash.finalize(using: cryptography)
    }

    /// A message is a subject of its own, so that it can be changed and never overwrites another.
    package init(
        messageOf node: NodeID, generation: UInt32, sequence: UInt64,
        using cryptography: any Cryptography
    ) {
        var hash = TaggedHash("message")
        hash.combine(node.bytes)
        hash.combine(UInt64(generation))
        hash.combine(sequence)
        bytes = hash.finalize(using: cryptography)
    }

    package init(reportOf node: NodeID, using cryptography: any Cryptography) {
        var hash = TaggedHash("report")
        hash.combine(node.bytes)
        bytes = hash.finalize(using: cryptography)
    }

    package init(configurationOf mesh: MeshID, using cryptography: any Cryptography) {
        var hash = TaggedHash("configuration")
        hash.combine(mesh.bytes)
        bytes = hash.finalize(using: cryptography)
    }
}
