package import MeshCore

/// Which definition of a check a statement is about: a hash over the rule, and the hash of the text,
/// as they are configured. It leaves out `enabled` and what `${VAR}` stands for on one node.
///
/// The text goes in as its hash so that a certificate can prove the rule without the text.
package struct DefinitionID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(
        of text: DefinitionTextID, _ rule: VotingRule, using cryptography: any Cryptography
    ) {
        var writer = ByteWriter()
        rule.write(to: &writer)
        var hash = TaggedHash("definition")
        hash.combine(writer.bytes)
        hash.combine(text.bytes)
        bytes = hash.finalize(using: cryptography)
    }
}

/// The hash of a definition's text: what is looked at, and how.
package struct DefinitionTextID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(of text: [UInt8], using cryptography: any Cryptography) {
        var hash = TaggedHash("definition-text")
        hash.combine(text)
        bytes = hash.finalize(using: cryptography)
    }
}
