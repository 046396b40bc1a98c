import MeshChecks
import MeshCore

/// Consecutive looks at one check, as one row of the history.
///
/// A row per look would cost a page for every check and look, since looks at many checks come
/// mixed; a row per thirty costs a thirtieth, and its looks take five to eight bytes each.
///
///     at: milliseconds after the one before v | code 1 | latency in microseconds v | reason l
///
/// The code is the state, or 16 + the abstention; 128 with it says that the reason is that of the
/// look before, and left out.
struct LookChunk: Sendable {
    static let looksMax = 32

    private(set) var first: WallTime
    private(set) var last: WallTime
    private(set) var count = 0
    private(set) var bytes: [UInt8] = []
    private var lastReason = ""

    init(_ look: LookRecord) {
        first = look.at
        last = look.at
        append(look)
    }

    /// False if this chunk is full, or the wall clock has gone back: a new one must be begun.
    @discardableResult
    mutating func append(_ look: LookRecord) -> Bool {
        guard count < Self.looksMax, look.at >= last else { return false }
        var writer = ByteWriter(reservingCapacity: 8)
        writer.writeVarint(look.at.milliseconds - last.milliseconds)
        var code: UInt8
        var reason = ""
        switch look.observation.outcome {
        case .saw(let state, let why):
            code = state.rawValue
            reason = why.text
        case .abstained(let abstention):
            code = Self.abstained | abstention.rawValue
        }
        let isRepeated = reason == lastReason
        if isRepeated { code |= Self.sameReason }
        writer.write(code)
        let latency = max(.zero, look.observation.latency)
        writer.writeVarint(UInt64(latency.nanoseconds / 1_000))
        if !isRepeated { writer.writePrefixed(Array(reason.utf8)) }
        bytes.append(contentsOf: writer.bytes)
        lastReason = reason
        last = look.at
        count += 1
        return true
    }

    private static var abstained: UInt8 { 16 }
    private static var sameReason: UInt8 { 128 }

    /// The looks of a chunk that began at `first`, oldest first. Of one that was damaged, what comes
    /// before the damage.
    static func decode(_ bytes: [UInt8], of check: CheckID, from first: WallTime) -> [LookRecord] {
        var looks: [LookRecord] = []
        var reader = ByteReader(bytes)
        var at = first.milliseconds
        var reason = Reason.none
        while !reader.isAtEnd, looks.count < looksMax {
            guard let ahead = try? reader.readVarint(), let code = try? reader.readUInt8(),
                let latency = try? reader.readVarint(), latency < 1 << 50
            else { break }
            if code & sameReason == 0 {
                guard let read = try? reader.readReason() else { break }
                reason = read
            }
            let outcome: Observation.Outcome
            if code & abstained != 0 {
                guard let abstention = Abstention(rawValue: code & 15) else { break }
                outcome = .abstained(abstention)
            } else {
                guard let state = TargetState(rawValue: code & 15) else { break }
                outcome = .saw(state, reason)
            }
            at = at.addingReportingOverflow(ahead).partialValue
            looks.append(
                LookRecord(
                    check: check, at: WallTime(milliseconds: at),
                    observation: Observation(outcome, latency: .microseconds(Int64(latency)))))
        }
        return looks
    }
}

/// The chunks that are not full yet, one a check.
struct LookBuffer {
    /// Checks with a chunk in memory, about 400 bytes each. At the bound all are written as they
    /// are.
    static let checksMax = 20_000
    /// How long a look may wait in memory; `kill -9` loses no more of them.
    static let waitMax = TimeSpan.minutes(5)

    private(set) var chunks: [CheckID: LookChunk] = [:]

    /// Takes a look; answers a chunk that is now to be written.
    mutating func append(_ look: LookRecord) -> (CheckID, LookChunk)? {
        if chunks[look.check]?.append(look) == true { return nil }
        let full = chunks.updateValue(LookChunk(look), forKey: look.check)
        return full.map { (look.check, $0) }
    }

    /// Takes out what has waited long enough, all of it at the bound or at the end.
    mutating func takeDue(at now: WallTime, isLast: Bool) -> [(CheckID, LookChunk)] {
        let takesAll = isLast || chunks.count >= Self.checksMax
        let wait = UInt64(Self.waitMax.milliseconds)
        let due = chunks.filter { _, chunk in
            // A clock that was set back must not keep a chunk for ever.
            takesAll || chunk.first.milliseconds + wait <= now.milliseconds || chunk.last > now
        }
        for check in due.keys { chunks[check] = nil }
        return due.map { ($0.key, $0.value) }
    }
}
