package import MeshChecks
package import MeshCore
package import MeshPlacement

/// A flip with all its proof: who signed what, under which keys, and the member lists behind the
/// signatures. Whoever holds one can judge it alone (`CertificateVerifier`), this node, another, or
/// a person years later with a file.
///
/// The flip's id leaves the signers out, so two certificates of one flip may differ; each is proof.
/// A stored or relayed one is best kept as its bytes: `peekID` tells which flip they are about.
package struct Certificate: Hashable, Sendable {
    /// A larger one is refused by `decode`, so by every receiver, and cannot be exported. Only
    /// dozens of signers who all know different members would need more.
    package static let byteCountMax = Update.streamedByteCountMax
    /// All who can count for a check.
    package static let supportersMax = Roll.entriesMax

    /// One signer: its key, its signature, and its entry as it was signed.
    package struct Supporter: Hashable, Sendable {
        package var key: PublicKey
        /// Which of the certificate's rolls is behind the entry's digest.
        package var rollIndex: Int
        package var entry: LogEntry
        package var signature: Signature

        package init(key: PublicKey, rollIndex: Int, entry: LogEntry, signature: Signature) {
            self.key = key
            self.rollIndex = rollIndex
            self.entry = entry
            self.signature = signature
        }

        package var node: NodeID { entry.node }
        package var signedEntry: SignedEntry { SignedEntry(entry: entry, signature: signature) }
    }

    /// The check's definition: always its rule, so that R and Q can be held against it by whoever
    /// has another configuration or none. The text comes along in exported files; for nodes its
    /// hash will do, which ties the rule to the flip as well.
    package struct Definition: Hashable, Sendable {
        package enum Text: Hashable, Sendable {
            case hashed(DefinitionTextID)
            /// At most `CheckDefinition.textByteCountMax` bytes.
            case whole([UInt8])
        }

        package var rule: VotingRule
        package var text: Text

        package init(rule: VotingRule, text: Text) {
            if case .whole(let bytes) = text {
                precondition(
                    bytes.count <= CheckDefinition.textByteCountMax,
                    "expected a text within its bound")
            }
            self.rule = rule
            self.text = text
        }

        package func id(using cryptography: any Cryptography) -> DefinitionID {
            let textID =
                switch text {
                case .hashed(let id): id
                case .whole(let bytes): DefinitionTextID(of: bytes, using: cryptography)
                }
            return DefinitionID(of: textID, rule, using: cryptography)
        }
    }

    /// Decoding recomputes its id.
    package var flip: Flip
    /// The id that stands in front of the encoding for `peekID`. Verification refuses one that is
    /// not the flip's.
    package var leadingID: FlipID
    /// The certified state that the flip leads away from; `nil` is *unknown*, before a first flip.
    /// The one thing here that no signature covers but by the parent's id: who holds the parent
    /// compares.
    package var previous: TargetState?
    /// In the order of their first use.
    package var rolls: [Roll]
    /// In the order of their nodes' ids.
    package var supporters: [Supporter]
    package var definition: Definition

    /// The certificate of `flip` by `entries`, each with its signer's key. Of `rolls` it keeps those
    /// behind the entries' digests; `nil` if one of these is missing: ask its signer for it.
    ///
    /// Expects one to `supportersMax` entries, all about the flip's check, definition, birth, parent
    /// and epoch. Whether they prove it is for the verifier to say.
    package init?(
        flip: Flip, previous: TargetState?, entries: [(SignedEntry, PublicKey)], rolls: [Roll],
        definition: Definition, using cryptography: any Cryptography
    ) {
        precondition(
            (1...Self.supportersMax).contains(entries.count)
                && entries.allSatisfy { $0.0.entry.leads(to: flip) },
            "expected entries about the flip, at most as many as can count")
        let digests = rolls.map { $0.digest(using: cryptography) }
        var used: [Int] = []
        supporters = []
        for (signed, key) in entries.sorted(by: { $0.0.entry.node < $1.0.entry.node }) {
            guard let found = digests.firstIndex(of: signed.entry.rollDigest) else { return nil }
            let index = used.firstIndex(of: found) ?? used.count
            if index == used.count { used.append(found) }
            supporters.append(
                Supporter(
                    key: key, rollIndex: index, entry: signed.entry, signature: signed.signature))
        }
        self.flip = flip
        leadingID = flip.id
        self.previous = previous
        self.rolls = used.map { rolls[$0] }
        self.definition = definition
    }

    init(
        flip: Flip, leadingID: FlipID, previous: TargetState?, rolls: [Roll],
        supporters: [Supporter], definition: Definition
    ) {
        self.flip = flip
        self.leadingID = leadingID
        self.previous = previous
        self.rolls = rolls
        self.supporters = supporters
        self.definition = definition
    }

    /// `nil` if it is too large for a datagram: word of it goes round, and streams carry it.
    package func update() -> Update? {
        let body = encoded()
        guard body.count <= Update.byteCountMax else { return nil }
        return Update(kind: UpdateKind.certificate, body: body)
    }
}

extension LogEntry {
    /// Whether this is about the flip's check, definition, birth, parent and epoch; its stance
    /// aside.
    package func leads(to flip: Flip) -> Bool {
        check == flip.check && definition == flip.definition && birth == flip.birth
            && parent == flip.parent && epoch == flip.epoch
    }
}
