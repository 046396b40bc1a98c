import MeshChecks
package import MeshCore
package import MeshNotices

/// The people's end: what each contact's provider does with a request, and all that it accepted.
package struct Receivers: Sendable {
    /// What a provider does with a request.
    package enum Condition: UInt8, Sendable, Hashable {
        case accepts
        /// Refuses within a round trip.
        case refuses
        /// Takes the connection and never answers; nothing is accepted.
        case hangs
        /// Accepts, and its answer is lost: the sender takes it for failed.
        case losesAnswer
    }

    /// A notice that a provider has taken: somebody's telephone rings.
    package struct Acceptance: Sendable {
        package var notice: Notice
        package var check: Int
        package var contact: Int
        /// The sending process and its key.
        package var process: Int
        package var identity: Int
        package var orderedAt: Instant
        package var at: Instant
        /// Accepted before under the same id.
        package var isRepeated: Bool
    }

    private var conditions: [Condition]
    /// When a contact's provider was last set to anything, by contact; `nil` if never.
    package private(set) var changedAt: [Instant?]
    /// What single places meet instead, by contact and place. Only looked up.
    private var byPlace: [UInt64: Condition] = [:]
    /// Everything accepted, in order.
    package private(set) var acceptances: [Acceptance] = []
    /// The first acceptance of each id. Only looked up.
    private var first: [NoticeID: Int] = [:]
    package private(set) var repeatedCount = 0
    /// Answers lost so far, and when.
    package private(set) var lostAnswers: [(at: Instant, process: Int)] = []

    init(contactCount: Int) {
        conditions = Array(repeating: .accepts, count: contactCount)
        changedAt = Array(repeating: nil, count: contactCount)
    }

    package func condition(of contact: Int, from place: Int) -> Condition {
        guard !byPlace.isEmpty else { return conditions[contact] }
        return byPlace[Self.key(contact, place)] ?? conditions[contact]
    }

    /// Whether every provider takes what anybody sends, and says so.
    package var areWell: Bool {
        conditions.allSatisfy { $0 == .accepts } && byPlace.values.allSatisfy { $0 == .accepts }
    }

    package func firstAcceptance(of id: NoticeID) -> Acceptance? {
        first[id].map { acceptances[$0] }
    }

    /// `place` is `nil` for everybody; a condition of `nil` ends a place's own.
    mutating func set(
        _ contact: Int, from place: Int?, _ condition: Condition?, at now: Instant
    ) {
        let isNews = condition != nil || place.map { byPlace[Self.key(contact, $0)] != nil } ?? true
        if isNews { changedAt[contact] = now }
        if let place {
            byPlace[Self.key(contact, place)] = condition
        } else {
            conditions[contact] = condition ?? .accepts
        }
    }

    /// Returns the acceptance's number.
    mutating func accept(_ acceptance: Acceptance) -> Int {
        var acceptance = acceptance
        let number = acceptances.count
        if first[acceptance.notice.id] == nil {
            first[acceptance.notice.id] = number
        } else {
            acceptance.isRepeated = true
            repeatedCount += 1
        }
        acceptances.append(acceptance)
        return number
    }

    mutating func loseAnswer(to process: Int, at now: Instant) {
        lostAnswers.append((now, process))
    }

    /// Whether the sender never heard of it: for all that the mesh knows, nobody was told.
    package func isUnheard(_ acceptance: Acceptance) -> Bool {
        lostAnswers.contains { $0.process == acceptance.process && $0.at == acceptance.at }
    }

    private static func key(_ contact: Int, _ place: Int) -> UInt64 {
        UInt64(contact) << 32 | UInt64(place)
    }
}
