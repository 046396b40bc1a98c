package import MeshCore

/// A check as the core needs it: what it is called, how it is agreed upon, how long one look may
/// take. What a look does is the adapters' business; here it is a text with a hash.
package struct CheckDefinition: Sendable, Hashable {
    /// The definition's text in a certificate; a longer one is refused with the configuration.
    package static let textByteCountMax = 16 * 1_024

    package let id: CheckID
    package let name: CheckName
    package let definition: DefinitionID
    package let textID: DefinitionTextID
    package let rule: VotingRule
    /// The longest that one look may take; below the interval, or looks would overlap.
    package let timeout: TimeSpan
    /// What is configured, in its canonical form before `${VAR}` is replaced.
    package let text: [UInt8]
    /// Not part of the definition: a check switched off for a while is the same check.
    package var isEnabled: Bool

    package init(
        name: CheckName, rule: VotingRule, timeout: TimeSpan, text: [UInt8],
        isEnabled: Bool = true, in mesh: MeshID, using cryptography: any Cryptography
    ) {
        precondition(
            text.count <= Self.textByteCountMax && timeout > .zero,
            "expected a definition within its bounds")
        id = CheckID(of: name, in: mesh, using: cryptography)
        self.name = name
        textID = DefinitionTextID(of: text, using: cryptography)
        definition = DefinitionID(of: textID, rule, using: cryptography)
        self.rule = rule
        self.timeout = timeout
        self.text = text
        self.isEnabled = isEnabled
    }
}
