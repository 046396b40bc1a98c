import MeshChecks
import MeshCore
import MeshVerdicts

/// Whom to ask what the first owners saw, and what they said.
///
/// Nothing is asked unless somebody reads this node, and then every member once in `period`, so
/// that a mesh that nobody looks at carries none of it. Bounds: one entry for each check that is
/// known here, one for each member that asks.
struct SightDesk: Sendable {
    static let period = TimeSpan.seconds(30)
    /// A reader is interested for as long as this.
    static let interest = TimeSpan.seconds(60)
    /// Members asked at one tick: a mesh of ten thousand must not be asked in one instant.
    static let askedPerTickMax = 64
    /// One member is answered this often.
    static let answerSpacing = TimeSpan.seconds(5)
    static let answersMax = 4_096

    struct Sight: Sendable {
        var latency: TimeSpan
        var observedAt: Instant
    }

    private var interestUntil = Instant(nanoseconds: .min)
    private var roundEnds = Instant(nanoseconds: .min)
    private var toAsk: [NodeID] = []
    private var sights: [UInt64: Sight] = [:]
    private var answeredAt: [NodeID: Instant] = [:]

    /// Somebody reads. True if a round begins now: the first one need not wait for a tick.
    mutating func noteReader(now: Instant) -> Bool {
        let wasInterested = interestUntil > now
        interestUntil = now + Self.interest
        return !wasInterested
    }

    /// Whom to ask at this tick; `members` is asked for only where a round begins.
    mutating func membersToAsk(now: Instant, _ members: () -> [NodeID]) -> [NodeID] {
        guard interestUntil > now else {
            if !sights.isEmpty { sights = [:] }
            toAsk = []
            return []
        }
        if toAsk.isEmpty, roundEnds <= now {
            toAsk = members()
            roundEnds = now + Self.period
        }
        defer { toAsk.removeLast(min(Self.askedPerTickMax, toAsk.count)) }
        return toAsk.suffix(Self.askedPerTickMax)
    }

    /// Whether `node`, which asks, is due an answer.
    mutating func mayAnswer(_ node: NodeID, now: Instant) -> Bool {
        if let last = answeredAt[node], now - last < Self.answerSpacing { return false }
        if answeredAt.count >= Self.answersMax {
            answeredAt = answeredAt.filter { now - $0.value < Self.answerSpacing }
            guard answeredAt.count < Self.answersMax else { return false }
        }
        answeredAt[node] = now
        return true
    }

    mutating func keep(_ entry: SightReport.Entry, now: Instant) {
        let observedAt = now - .seconds(Int64(entry.age))
        if let held = sights[entry.check.word], held.observedAt >= observedAt { return }
        sights[entry.check.word] = Sight(latency: entry.latency, observedAt: observedAt)
    }

    func sight(of check: CheckID) -> Sight? { sights[CheckPrefix(of: check).word] }
}
