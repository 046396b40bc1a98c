import MeshChecks
import MeshCore

/// Hints on their way out and the leave to follow those that come in: both bounded, for a hint is
/// a convenience and a flood of them is not.
struct HintDesk: Sendable {
    private var outgoing: [(to: NodeID, hint: Hints.Hint)] = []
    private var sentInSecond = 0
    private var followedInSecond = 0
    private var second = Instant.zero
    var alarm = Alarm()

    var isEmpty: Bool { outgoing.isEmpty }

    private mutating func pass(_ now: Instant) {
        guard now - second >= .seconds(1) else { return }
        second = now
        sentInSecond = 0
        followedInSecond = 0
    }

    /// Leave to call others to look at one more check.
    mutating func maySend(now: Instant) -> Bool {
        pass(now)
        guard sentInSecond < VerdictBounds.hintsPerSecond else { return false }
        sentInSecond += 1
        return true
    }

    /// Leave to follow one more hint.
    mutating func mayFollow(now: Instant) -> Bool {
        pass(now)
        guard followedInSecond < VerdictBounds.hintedLooksPerSecond else { return false }
        followedInSecond += 1
        return true
    }

    mutating func add(_ hint: Hints.Hint, to node: NodeID) { outgoing.append((node, hint)) }

    /// All that waits, grouped by receiver in the order of ids, at most
    /// `VerdictBounds.prefixesMax` in one message.
    mutating func take() -> [(NodeID, Hints)] {
        let waiting = outgoing
        outgoing = []
        var messages: [(NodeID, Hints)] = []
        for node in Set(waiting.map(\.to)).sorted() {
            let own = waiting.filter { $0.to == node }.map(\.hint)
            for start in stride(from: 0, to: own.count, by: VerdictBounds.prefixesMax) {
                let end = min(start + VerdictBounds.prefixesMax, own.count)
                messages.append((node, Hints(Array(own[start..<end]))))
            }
        }
        return messages
    }
}
