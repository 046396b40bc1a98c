package import MeshCore
package import MeshEngine

/// One thing that goes wrong, or right again, at one moment. Places are given by number.
package enum Fault: Sendable, Hashable {
    /// Starts a process with whatever is on the place's disk.
    case start(Int)
    /// Ends it without a goodbye. `silently`: with its machine, so that not even a refusal comes.
    case kill(Int, silently: Bool)
    case leave(Int)
    case pause(Int)
    case resume(Int)
    /// The disk is lost: the next start makes a new key under the same name.
    case eraseDisk(Int)
    /// A snapshot is taken …
    case saveDisk(Int)
    /// … and put back: the next start has an older generation.
    case restoreDisk(Int)
    /// The data directory is copied to another place.
    case copyDisk(from: Int, to: Int)
    /// The wall clock jumps; the monotonic one does not.
    case jumpWallClock(Int, milliseconds: Int64)
    /// Places of different groups no longer hear each other. A group for each place.
    case partition([UInt16])
    /// One direction of one link is cut.
    case block(from: Int, to: Int)
    /// One direction of one link is up and down for half the period each.
    case flap(from: Int, to: Int, period: TimeSpan)
    /// All groups are joined, all links mended.
    case heal
    /// UDP no longer reaches or leaves the place; TCP does.
    case blockDatagrams(Int)
    case unblockDatagrams(Int)
    case setLoss(perMillion: Int)
    /// An operator at place `by` has the node that last ran at `place` forgotten.
    case forget(place: Int, by: Int)
    /// A check's target, as everybody sees it, as one zone or one place does. `nil` ends the latter
    /// two.
    case target(Int, TargetCondition)
    case zoneSees(zone: Int, check: Int, TargetCondition?)
    case placeSees(place: Int, check: Int, TargetCondition?)
    /// The place's way to targets and receivers.
    case uplink(Int, Uplink)
    /// Looks from the place begin and never end.
    case checkerHangs(Int, Bool)
    /// What a contact's provider does with requests: of everybody, or of one place. `nil` ends it.
    case receiver(contact: Int, place: Int?, Receivers.Condition?)
    /// The place's configuration is read again.
    case reconfigure(Int, PlanSkew)
    case lie(Int, Lie?)
    /// The place's machine does something to its node, and the shell says so; or no longer does.
    case machine(Int, NodeFault, Bool)
    /// Every node that runs now is measured from here: the idle window begins.
    case beginMeasuring
}
