import MeshCore

/// When a node knows enough of its mesh to vote, mint, claim and tell (section 5, *Settled*): lists
/// and dossiers exchanged in full with a named peer in this life, every named peer answered or
/// tried, and the member list at rest. A node alone by configuration is settled at once.
///
/// A peer that is not named may be as new as this node: two newcomers must not settle by each other.
///
/// Once settled it stays so for this life.
struct Settling: Sendable {
    private static let rest = TimeSpan.seconds(2)
    private static let patience = TimeSpan.seconds(10)
    private static let looksRest = TimeSpan.seconds(1)

    let isAlone: Bool
    var hasTruthSynced = false
    var lastChange = Instant.zero
    /// Telling waits for word of the majority.
    var noticesWait = false
    /// Seconds since the start.
    var ticks = 0
    private(set) var startedAt: Instant?
    private(set) var isSettled = false

    init(isAlone: Bool) { self.isAlone = isAlone }

    /// Whether to look at targets: sooner than to vote about them, and also by a node that nobody
    /// answers, but not before it is known who else does.
    func mayLook(seedsAreSettled: Bool, now: Instant) -> Bool {
        isSettled || isAlone || seedsAreSettled && now - lastChange >= Self.looksRest
    }

    /// Whether it is time; when to ask again, if not and time alone may do it.
    mutating func consider(
        hasMemberSynced: Bool, seedsAreSettled: Bool, now: Instant
    ) -> Instant? {
        let started = startedAt ?? now
        startedAt = started
        guard !isSettled else { return nil }
        if isAlone {
            isSettled = true
            return nil
        }
        guard hasMemberSynced, hasTruthSynced, seedsAreSettled else {
            return now + .milliseconds(250)
        }
        let due = min(lastChange + Self.rest, started + Self.patience)
        guard due <= now else { return due }
        isSettled = true
        return nil
    }
}
