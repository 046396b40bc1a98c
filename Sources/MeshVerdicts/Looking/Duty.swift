import MeshChecks
import MeshCore

/// What a node keeps for a check that it looks at: why it looks, when next, what it has seen in a
/// row, what it has signed, and who looks beside it.
struct Duty: Sendable {
    /// Why this node looks.
    enum Role: Sendable, Hashable {
        /// One of the R lowest reachable nodes, with this rank.
        case owner(rank: Int)
        /// No longer one of them, until every new owner has reported or this moment.
        case leaving(until: Instant)
        /// Asked to help where owners are missing. Looks that saw nothing wrong since.
        case standIn(looksInVain: Int)
    }

    /// A look under way.
    struct Look: Sendable {
        var token: LookToken
        var due: Instant
        var began: Instant
        var isPulledForward: Bool
    }

    /// Another node that looks at the check, as this one hears of it.
    struct Peer: Sendable {
        var node: NodeID
        /// When it last said that it observes this check.
        var observingAt: Instant?
        /// When it last said that it does not, though it should.
        var blindAt: Instant?
        /// It has said so since it became an owner here.
        var hasReported: Bool
    }

    static let askersMax = 16

    /// The check's place in the book.
    let check: Int
    var role: Role
    var streak: Streak

    var startedAt = Instant.zero
    var nextDue: Instant
    /// Timers of the looks carry it; one that differs is about a look no longer due.
    var revision: UInt32 = 0
    var look: Look?
    /// Looks that are due are exact while a streak lasts; otherwise they lean to the phase.
    var isExact = false
    var lastHintedAt: Instant?
    var lastHintSentAt: Instant?

    var lastObservedAt: Instant?
    /// When the last look that saw something began.
    var lastBegan = Instant.zero
    /// Who wants to know whether this node sees the target fail, too. Bound: `askersMax`.
    var askedBy: [NodeID] = []
    /// Who wants to know what this node sees, and since when. Bound: `askersMax`.
    var roundAskers: [(node: NodeID, since: Instant)] = []
    var lastObservation: Observation?
    /// Why the last look that ended saw nothing, for people; `nil` if it saw something.
    var blindness: Reason?
    /// Since when fewer than Q owners observe.
    var lonelySince: Instant?
    var isWatched = true
    /// Why no quorum can be found, since `lonelySince`.
    var lack: WatchLack?

    /// Those who have called a stand-in. Bound: `askersMax`.
    var calledBy: [NodeID] = []

    /// The latest own entry under the current parent, once signed.
    var own: SignedEntry?
    /// Being signed.
    var draft: LogEntry?
    /// A dissent waits for word of the majority.
    var waitsForMajority = false
    /// When the standing dissent was signed, and what has been done about its loneliness.
    var dissentSince: Instant?
    var isToldToAll = false
    var standInRounds = 0
    var standInsAsked: [NodeID] = []

    init(check: Int, role: Role, streak: Streak, nextDue: Instant) {
        self.check = check
        self.role = role
        self.streak = streak
        self.nextDue = nextDue
    }

    var isOwner: Bool { if case .owner = role { true } else { false } }
    var isStandIn: Bool { if case .standIn = role { true } else { false } }

    /// What this node holds against the certified state by its own signed word.
    var standing: Stance? {
        guard let own else { return nil }
        switch own.entry.stance {
        case .dissents, .opines: return own.entry.stance
        case .withdrawn, .declines: return nil
        }
    }
}
