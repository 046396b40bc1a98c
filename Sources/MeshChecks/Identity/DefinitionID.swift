package import MeshCore

/// Which definition of a check a statement is about: a hash over the rule and the text as they are
/// configured. It leaves out `enabled` and what `${VAR}` stands for on one node.
package struct DefinitionID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(of text: [UInt8], _ rule: VotingRule, using cryptography: any Cryptography) {
        var writer = ByteWriter()
        rule.write(to: &writer)
        var hash = TaggedHash("definition")
        hash.combine(writer.bytes)
        hash.combine(text)
        bytes = hash.finalize(using: cryptography)
    }
}
