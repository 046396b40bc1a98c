package import MeshCore

/// How a target is, as long as nobody changes it.
package enum TargetCondition: Sendable, Hashable {
    case up
    case degraded
    /// Down, and says so within a round trip.
    case refusing
    /// Down, and says nothing until the look gives up.
    case hanging
    /// Up and refusing for half the period each, beginning with up.
    case flapping(period: TimeSpan)

    /// Whether it is down at any time.
    var isEverDown: Bool {
        switch self {
        case .up, .degraded: false
        case .refusing, .hanging, .flapping: true
        }
    }
}

/// A place's way to all targets and receivers. The mesh's own packets take another.
package enum Uplink: UInt8, Sendable, Hashable {
    case works
    /// Everything times out: every target looks down from here.
    case dead
    /// The host itself has no route and says so: a look ends in an abstention.
    case unrouted
}
