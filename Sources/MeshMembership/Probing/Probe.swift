import MeshCore

/// One attempt to find out whether a member answers (SWIM 3.1, Lifeguard IV.A):
///
///     direct ping(s) -> after the timeout: ping requests to relays, and a stream beside them
///                    -> at the end: answered, or not
///
/// The same machine serves the period's probe, the look of one who has heard an accusation, the
/// last look before a death, and the call on a dead member; they differ in times and in what
/// follows from the outcome.
struct Probe: Sendable {
    enum Purpose: Sendable {
        /// The period's own.
        case round
        /// To see for ourselves what another accuses.
        case confirmation
        /// Before the suspicion's end.
        case lastLook
        /// To a dead member: a healed partition heals here.
        case contact
    }

    let purpose: Purpose
    let subject: NodeID
    let startedAt: Instant
    /// When the direct pings after the first are due, soonest last.
    private var retries: [Instant]
    private var hasRetried = false
    /// When relays are next asked, and the first time the stream is opened; `nil` when no more.
    var escalation: Instant?
    /// How long after one escalation the next follows, for a look that must not err.
    let escalationInterval: TimeSpan?
    let end: Instant
    let asksRelays: Bool
    var hasEscalated = false
    var relays: [NodeID] = []
    var nacksReceived = 0
    /// Streams opened beside the pings: one, or where nothing but TCP gets through, one for each
    /// escalation, since a lost SYN is repeated only after a second.
    var streams: [StreamID] = []
    let opensStreamsAgain: Bool

    init(
        _ purpose: Purpose, of subject: NodeID, now: Instant, timeout: TimeSpan, end: TimeSpan,
        tries: Int, asksRelays: Bool, escalatesEvery escalationInterval: TimeSpan? = nil,
        opensStreamsAgain: Bool = false
    ) {
        self.purpose = purpose
        self.subject = subject
        startedAt = now
        self.end = now + end
        escalation = now + timeout
        self.escalationInterval = escalationInterval
        self.asksRelays = asksRelays
        self.opensStreamsAgain = opensStreamsAgain
        let spacing = end / max(tries, 1)
        retries = (1..<max(tries, 1)).reversed().map { now + spacing * $0 }
    }

    var hasOnlyPingedOnce: Bool { !hasRetried && !hasEscalated }

    /// When this probe next wants to do something.
    var nextStep: Instant {
        min(end, min(retries.last ?? end, escalation ?? end))
    }

    enum Step: Sendable, Equatable {
        case ping
        case escalate
        case fail
    }

    /// What is due at `now`, if anything.
    mutating func step(now: Instant) -> Step? {
        if let retry = retries.last, retry <= now {
            retries.removeLast()
            hasRetried = true
            return .ping
        }
        if let due = escalation, due <= now, due < end {
            escalation = escalationInterval.map { due + $0 }
            hasEscalated = true
            return .escalate
        }
        return end <= now ? .fail : nil
    }

    /// Whether an ack with this probe's number from `sender` is an answer: from the subject
    /// itself, or from a relay that we asked.
    func accepts(from sender: NodeID) -> Bool {
        sender == subject || relays.contains(sender)
    }
}
