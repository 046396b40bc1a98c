package import MeshChecks
package import MeshCore
import MeshEngine
package import MeshMembership
package import MeshNotices
package import MeshVerdicts

/// What the world tells whoever watches it: invariants, recorders of figures, attackers.
///
/// Nobody pays for what nobody asks for: each watcher names its `Kinds`, and only those are
/// collected.
package enum Happening: Sendable {
    case started(process: Int)
    case ended(process: Int, Ending)
    case paused(process: Int)
    case resumed(process: Int)
    /// A process sent a datagram, complete with header and tag. What it answers, if anything, is
    /// the `delivered` before it in the same step.
    case sent(process: Int, datagram: [UInt8], to: SocketAddress)
    /// A process has handled a datagram; `wasRejected` says that it counted it as dropped.
    case delivered(
        process: Int, datagram: [UInt8], from: SocketAddress, Provenance, wasRejected: Bool)
    /// `previous` is what it held of the subject before, if the report is about one.
    case reported(process: Int, MembershipEvent, previous: ViewTable.View?)
    /// A process handled its deadline and now wants to be called at `next`, on the world's clock.
    case deadlineHandled(process: Int, next: Instant?)
    /// A process got the answer to a look.
    indirect case looked(process: Int, LookOrder, Observation)
    /// A process has a new certified state of a check: flips by their number in the truth book.
    case flipped(
        process: Int, flip: Int, former: Int?, from: TargetState?, CheckEvent.Origin)
    /// Whatever a process reports of a check, flips included.
    indirect case checkReported(process: Int, CheckEvent)
    /// A process sends a notice …
    indirect case ordered(process: Int, DeliveryOrder)
    /// … its provider has accepted it, as this number of all acceptances, …
    case accepted(Int)
    /// … and the process hears how it ended.
    indirect case answered(process: Int, DeliveryOrder, Delivery)
    indirect case noticeReported(process: Int, NoticeEvent)

    package struct Kinds: OptionSet, Sendable {
        package var rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let lives = Kinds(rawValue: 1 << 0)
        package static let sent = Kinds(rawValue: 1 << 1)
        package static let delivered = Kinds(rawValue: 1 << 2)
        package static let reported = Kinds(rawValue: 1 << 3)
        package static let deadlines = Kinds(rawValue: 1 << 4)
        /// Only datagrams that should be rejected: cheaper than all of them.
        package static let suspicious = Kinds(rawValue: 1 << 5)
        package static let looks = Kinds(rawValue: 1 << 6)
        package static let checks = Kinds(rawValue: 1 << 7)
        package static let notices = Kinds(rawValue: 1 << 8)
    }

    /// How a process ended.
    package enum Ending: Sendable, Hashable {
        case killed
        case stopped(StopReason)
    }

    /// Where a datagram came from, as only the simulator can know.
    package enum Provenance: UInt8, Sendable, Hashable {
        /// Sealed by a node and seen by this receiver for the first time.
        case genuine
        /// Handled by this very process before, under the same start.
        case repeated
        /// A genuine one that an attacker sent on to somebody else.
        case redirected
        /// Made or altered by an attacker without the mesh's secret.
        case forged
    }
}
