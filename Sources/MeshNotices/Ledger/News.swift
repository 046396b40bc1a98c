import MeshChecks
import MeshCore

/// What is to be told along a topic now: a certified flip, one side's view, or a word about the
/// mesh, brought to one form.
struct News: Sendable {
    var check: CheckID
    var place: Place
    var previous: TargetState?
    var since: WallTime
    var reason: Reason
    var confirmedBy: [NodeID]
    var ladder: Ladder
    var incident: IncidentID
    /// Nothing is told before the fork is confirmed.
    var isContested = false
    /// Told only if the state differs from the last receipt's: it won a fork.
    var isGuarded = false
    /// Whether to claim takes the majority, or only to be settled.
    var needsMajority = true
    /// The end of a partial view: for whoever was told of its beginning.
    var isEnd = false
    var isPartialView = false
    /// A partial view that has passed: who was not told of it never will be.
    var isWithdrawn = false
    /// Of a trouble of the mesh that may have more than one word: the revision that it began with.
    var first: UInt64?
    /// Told to every contact where no route names the check.
    var isForAll = false

    var state: TargetState { place.state }
}
