/// A statement on its way through the mesh: it rides behind a message or in a stream's frame.
///
///     kind 1 | length v | body
///
/// The length lets a node skip a kind that it does not know, so a newer version may add kinds
/// without breaking an older one.
package struct Update: Hashable, Sendable {
    /// In a datagram, which must hold at least one update besides its message.
    package static let byteCountMax = 1_024
    /// In a stream. What is larger than a datagram holds is fetched by stream (`flipNews`).
    package static let streamedByteCountMax = 64 * 1_024

    package var kind: UInt8
    /// The body alone, as it was signed and will be relayed.
    package var body: [UInt8]

    package init(kind: UInt8, body: [UInt8]) {
        self.kind = kind
        self.body = body
    }

    /// What it takes on the wire.
    package var encodedByteCount: Int {
        1 + ByteWriter.varintCount(body.count) + body.count
    }
}

/// The kinds of update. A lane is a range of kinds, so that a node can put even a kind it does
/// not know into the lane it belongs to.
package enum UpdateKind {
    package static let alive: UInt8 = 1
    // 2...5 are `MemberClaim.Kind`.
    package static let membership: ClosedRange<UInt8> = 1...31
    /// A signed entry of a node's own log about a check.
    package static let stance: UInt8 = 32
    /// A certified flip with all its proof.
    package static let certificate: UInt8 = 33
    /// Where all chains of a mesh begin.
    package static let birth: UInt8 = 34
    /// Word of a certificate that no datagram holds: fetch it from who tells.
    package static let flipNews: UInt8 = 35
    /// What first owners saw last, for people.
    package static let sights: UInt8 = 36
    package static let flips: ClosedRange<UInt8> = 32...63
    /// A signed record that a notice was sent, or failed.
    package static let receipt: UInt8 = 64
    package static let notices: ClosedRange<UInt8> = 64...95
    /// A silence, an acknowledgement, a message, a change of the configuration.
    package static let record: UInt8 = 96
}

extension ByteWriter {
    package mutating func write(_ update: Update) {
        write(update.kind)
        writePrefixed(update.body)
    }
}

extension ByteReader {
    /// `limit`: bytes of the body, by what carries it.
    package mutating func readUpdate(
        atMost limit: Int = Update.byteCountMax
    ) throws(DecodeError) -> Update {
        let kind = try readUInt8()
        return Update(kind: kind, body: Array(try readPrefixed(atMost: limit)))
    }
}
