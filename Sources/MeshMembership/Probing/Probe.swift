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

    /// A probe has this many numbers, one for each of its pings in turn: the answer then says
    /// which ping it is to, and the round trip is known even when an earlier one was lost.
    static let numbersEach: UInt32 = 16

    /// The number by which a probe is known, of which `sequence` is one.
    static func number(of sequence: UInt32) -> UInt32 { sequence & ~(numbersEach - 1) }

    let purpose: Purpose
    let subject: NodeID
    let startedAt: Instant
    /// When the direct pings after the first are due, soonest last.
    private var retries: [Instant]
    /// When each direct ping was sent.
    private var sentAt: [Instant] = []
    /// When relays are next asked, and the first time the stream is opened; `nil` when no more.
    var escalation: Instant?
    /// How long after one escalation the next follows, for a look that must not err.
    let escalationInterval: TimeSpan?
    let end: Instant
    let asksRelays: Bool
    var relays: [NodeID] = []
    /// Relays that could not reach the subject either, each once.
    var nackers: [NodeID] = []
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

    /// A direct ping is being sent: what to add to the probe's number for it.
    mutating func notePing(now: Instant) -> UInt32 {
        guard sentAt.count < Int(Self.numbersEach) else { return Self.numbersEach - 1 }
        sentAt.append(now)
        return UInt32(sentAt.count - 1)
    }

    /// How long the answer under `sequence` took; `nil` for a number that no ping had.
    func roundTrip(of sequence: UInt32, now: Instant) -> TimeSpan? {
        let index = Int(sequence % Self.numbersEach)
        return index < sentAt.count ? now - sentAt[index] : nil
    }

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
        if let due = escalation, due <= now, due < end {
            escalation = escalationInterval.map { due + $0 }
            return .escalate
        }
        if let retry = retries.last, retry <= now {
            retries.removeLast()
            return .ping
        }
        return end <= now ? .fail : nil
    }

    /// Whether an ack with this probe's number from `sender` is an answer: from the subject
    /// itself, or from a relay that we asked.
    func accepts(from sender: NodeID) -> Bool {
        sender == subject || relays.contains(sender)
    }
}
