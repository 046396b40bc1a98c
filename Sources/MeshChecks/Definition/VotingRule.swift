package import MeshCore

/// How a check is agreed upon, as configured. What follows for a mesh of a given size (R, Q) is
/// computed where it is needed: a rule does not change because a node died.
package struct VotingRule: Sendable, Hashable {
    package static let confirmationsMax = 31
    /// How many nodes besides R others may sign: who ranks behind that does not count for a check.
    package static let standInsMax = 12
    package static let delayMax = 1_000
    /// Zones that signers can be asked to span.
    package static let zonesMax = 15
    package static let intervalMin = TimeSpan.seconds(1)
    package static let intervalMax = TimeSpan.hours(24)

    /// How many owners the check has, mesh permitting.
    package var confirmations: Int
    /// How many of them must agree.
    package var quorum: Quorum
    /// How many further intervals a new state must last.
    package var delay: Int
    /// How many zones the signers must span; `nil` is 2 where the mesh has two.
    package var zonesRequired: Int?
    package var interval: TimeSpan

    package enum Quorum: Sendable, Hashable {
        case majority
        case all
        case count(Int)

        /// Q for R owners; at most R.
        package func needed(of owners: Int) -> Int {
            switch self {
            case .majority: owners / 2 + 1
            case .all: owners
            case .count(let count): min(count, owners)
            }
        }
    }

    package init(
        confirmations: Int = 3, quorum: Quorum = .majority, delay: Int = 1,
        zonesRequired: Int? = nil, interval: TimeSpan = .seconds(60)
    ) {
        precondition(
            (1...Self.confirmationsMax).contains(confirmations)
                && (0...Self.delayMax).contains(delay)
                && (Self.intervalMin...Self.intervalMax).contains(interval)
                && (zonesRequired.map { (1...Self.zonesMax).contains($0) } ?? true),
            "expected a rule within its bounds")
        self.confirmations = confirmations
        self.quorum = quorum
        self.delay = delay
        self.zonesRequired = zonesRequired
        self.interval = interval
    }

    /// R: how many own the check in a mesh of `known` members.
    package func owners(known: Int) -> Int { max(1, min(confirmations, known)) }

    /// How many zones the signers must span where `zones` zones count.
    package func zonesNeeded(counting zones: Int) -> Int {
        max(1, min(zonesRequired ?? 2, zones))
    }

    // confirmations v | quorum v: 0 majority, 1 all, n + 2 a count | delay v | zones v: 0 default |
    // interval in milliseconds v

    package func write(to writer: inout ByteWriter) {
        writer.writeVarint(UInt64(confirmations))
        switch quorum {
        case .majority: writer.writeVarint(0)
        case .all: writer.writeVarint(1)
        case .count(let count): writer.writeVarint(UInt64(count) + 2)
        }
        writer.writeVarint(UInt64(delay))
        writer.writeVarint(UInt64(zonesRequired ?? 0))
        writer.writeVarint(UInt64(interval.milliseconds))
    }

    package static func decode(_ reader: inout ByteReader) throws(DecodeError) -> VotingRule {
        func number(_ range: ClosedRange<Int>) throws(DecodeError) -> Int {
            guard let value = Int(exactly: try reader.readVarint()), range.contains(value) else {
                throw .invalid
            }
            return value
        }
        let confirmations = try number(1...confirmationsMax)
        let quorum: Quorum =
            switch try number(0...confirmationsMax + 2) {
            case 0: .majority
            case 1: .all
            case 2: throw .invalid
            case let coded: .count(coded - 2)
            }
        let delay = try number(0...delayMax)
        let zones = try number(0...zonesMax)
        let interval = TimeSpan.milliseconds(
            Int64(try number(Int(intervalMin.milliseconds)...Int(intervalMax.milliseconds))))
        return VotingRule(
            confirmations: confirmations, quorum: quorum, delay: delay,
            zonesRequired: zones == 0 ? nil : zones, interval: interval)
    }
}
