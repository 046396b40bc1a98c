package import MeshChecks
package import MeshCore

/// Unsigned words between nodes that share checks: they make somebody look, and decide nothing.
///
///     count 1, each: check prefix 8 | kind 1 | state 1: 255 none
package struct Hints: Hashable, Sendable {
    package static let countMax = CheckPrefix.listCountMax
    private static let hintByteCount = 10

    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// I have seen something: look at once.
        case lookNow = 0
        /// I have seen the same.
        case iSeeItToo = 1
        /// Too few look: do so in the place of an owner.
        case standIn = 2
        /// Many of my checks fail at once: tell me whether you see it.
        case doYouSeeIt = 3
        /// Two flips exclude one another: look, and tell me what you see whatever it is.
        case whatDoYouSee = 4
        /// What I have seen since you asked.
        case iSee = 5
    }

    package struct Hint: Hashable, Sendable {
        package var check: CheckPrefix
        package var kind: Kind
        /// What the sender has seen, where it has seen anything.
        package var state: TargetState?

        package init(check: CheckPrefix, kind: Kind, state: TargetState?) {
            self.check = check
            self.kind = kind
            self.state = state
        }
    }

    /// At most `countMax`.
    package var hints: [Hint]

    package init(_ hints: [Hint]) {
        precondition(hints.count <= Self.countMax, "expected a list within its bound")
        self.hints = hints
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 1 + hints.count * Self.hintByteCount)
        writer.write(UInt8(hints.count))
        for hint in hints {
            writer.write(hint.check.word)
            writer.write(hint.kind.rawValue)
            writer.write(optional: hint.state)
        }
        return writer.bytes
    }

    /// Reads hints that fill `reader` to its end.
    package static func decode(_ reader: ByteReader) throws(DecodeError) -> Hints {
        var reader = reader
        let count = try reader.readListCount(atMost: countMax, each: hintByteCount)
        var hints: [Hint] = []
        hints.reserveCapacity(count)
        for _ in 0..<count {
            let check = CheckPrefix(try reader.readUInt64())
            guard let kind = Kind(rawValue: try reader.readUInt8()) else { throw .invalid }
            hints.append(Hint(check: check, kind: kind, state: try reader.readOptionalState()))
        }
        try reader.requireEnd()
        return Hints(hints)
    }
}
