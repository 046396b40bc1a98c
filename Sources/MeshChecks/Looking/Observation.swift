package import MeshCore

/// What one node concluded from one run of a check.
package struct Observation: Sendable, Hashable {
    package var outcome: Outcome
    /// How long the look took.
    package var latency: TimeSpan

    package enum Outcome: Sendable, Hashable {
        case saw(TargetState, Reason)
        /// It could not look: no word about the target at all.
        case abstained(Abstention)
    }

    package init(_ outcome: Outcome, latency: TimeSpan) {
        self.outcome = outcome
        self.latency = latency
    }
}

/// Why a node could not look. The fault is its own, not the target's.
package enum Abstention: UInt8, Sendable, Hashable, CaseIterable {
    /// Lifeguard's local health is 4 or worse.
    case unhealthy = 0
    /// No socket, no memory, no route: ENETUNREACH, EMFILE and their like.
    case noResources = 1
    /// The run began late by more than max(250 ms, interval / 4).
    case late = 2
    /// Its resolver answers nothing at all.
    case noResolver = 3
    /// Its own uplink check fails.
    case noUplink = 4
    /// Many of its checks fail at once and nobody else sees it.
    case aloneInBurst = 5
    /// The look did not come back within its timeout and a second.
    case hung = 6
    /// The check's program is not on this machine, or may not be run or used there.
    case noProgram = 7
    /// The check's program ran and says that it could not tell.
    case undetermined = 8
    /// A file of the check's on this machine (roots, a certificate, a key) is not what it should be.
    case unusableFile = 9
}

/// Why a target is in the state that it was seen in, for people: at most 160 bytes of UTF-8, cut
/// at a character; control characters become spaces.
package struct Reason: Sendable, Hashable, CustomStringConvertible {
    package static let byteCountMax = 160

    package let text: String

    package static let none = Reason("")

    package init(_ text: String) {
        var kept = ""
        var count = 0
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || scalar.value == 0x7F
            let next = isControl ? " " : scalar
            let size = UTF8.width(next)
            guard count + size <= Self.byteCountMax else { break }
            count += size
            kept.unicodeScalars.append(next)
        }
        self.text = kept
    }

    package var description: String { text }
}

extension ByteWriter {
    package mutating func write(_ reason: Reason) { writePrefixed(Array(reason.text.utf8)) }
}

extension ByteReader {
    /// Refuses what `Reason` would have changed: a signed text has one form.
    package mutating func readReason() throws(DecodeError) -> Reason {
        let bytes = try readPrefixed(atMost: Reason.byteCountMax)
        let reason = Reason(String(decoding: bytes, as: UTF8.self))
        guard reason.text.utf8.elementsEqual(bytes) else { throw .invalid }
        return reason
    }
}

extension Abstention {
    /// What it is called: in JSON, on the page, in metrics and in logs.
    package var word: String {
        switch self {
        case .unhealthy: "unhealthy"
        case .noResources: "no_resources"
        case .late: "late"
        case .noResolver: "no_resolver"
        case .noUplink: "no_uplink"
        case .aloneInBurst: "alone_in_burst"
        case .hung: "hung"
        case .noProgram: "no_program"
        case .undetermined: "undetermined"
        case .unusableFile: "unusable_file"
        }
    }

    /// Why nothing was seen, for people.
    package var explanation: String {
        switch self {
        case .unhealthy: "this node is not well"
        case .noResources: "this machine has no route, socket or memory for it"
        case .late: "it was looked at too late"
        case .noResolver: "no name server answers this machine"
        case .noUplink: "this machine's uplink is down"
        case .aloneInBurst: "nobody else sees it"
        case .hung: "the look did not come back"
        case .noProgram: "this machine cannot run the check's program"
        case .undetermined: "the check's program could not tell"
        case .unusableFile: "this machine cannot use a file of the check's"
        }
    }
}
