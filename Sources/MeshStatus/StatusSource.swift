package import MeshChecks
package import MeshCore
package import MeshMembership
package import MeshNotices

/// Where the endpoint reads everything: the shell, over its node, its configuration and its files.
/// All of it is called on the loop, between two turns of the node, and must not block; what is in
/// files is answered later.
package protocol StatusSource: AnyObject {
    var node: NodeStatus { get }
    /// Every member that is not forgotten, this node included, in the order of names.
    var members: [MemberStatus] { get }
    /// Checks that are configured here or certified, in the order of names. Kept by the source, not
    /// sorted for each request.
    var checkIDs: [CheckID] { get }
    func check(named name: String) -> CheckID?
    /// `nil` for a check that is gone since `checkIDs` was asked for.
    func check(_ check: CheckID) -> CheckStatus?
    /// The certified state; `nil` is unknown. Asked for every check at once, so to be quick.
    func state(of check: CheckID) -> TargetState?
    /// Checks at which too few nodes look, as this one sees it.
    var unwatched: UnwatchedStatus { get }
    /// The words that it is to be found by. Asked as `state` is.
    func tags(of check: CheckID) -> [String]
    /// Of a check, or of the built-in check `mesh`.
    func notifications(of check: CheckID) -> [NotificationStatus]
    /// The built-in check that notices about the mesh itself belong to.
    var meshCheck: CheckID { get }

    /// This node's own looks, newest first.
    func looks(
        of check: CheckID, limit: Int, then: @escaping (Result<[LookStatus], Unavailable>) -> Void)
    /// Those that began at or after `from`, newest first.
    func incidents(
        of check: CheckID?, from: WallTime, limit: Int,
        then: @escaping (Result<[IncidentStatus], Unavailable>) -> Void)
    /// A flip's proof, as it travels; `nil` if no such flip is known.
    func certificate(
        of flip: Bytes16, then: @escaping (Result<[UInt8]?, Unavailable>) -> Void)

    /// What `/readyz` goes by; all of them must hold.
    var conditions: [Condition] { get }
    /// What the shell and the node have counted; the endpoint adds its own.
    var metrics: [MetricFamily] { get }

    /// Drops a dead member, by its name or its id, mesh-wide.
    func forget(_ node: String) -> ForgetOutcome
}

/// Why there is no answer from files, for people.
package struct Unavailable: Error, Sendable {
    package var reason: String
    package init(_ reason: String) { self.reason = reason }
}

package enum ForgetOutcome: Hashable, Sendable {
    case forgotten
    /// No member is called so.
    case unknown
    /// It is not dead: only what is dead can be forgotten.
    case notDead(MemberState)
}

package struct Condition: Hashable, Sendable {
    /// A word for it: `settled`, `disk`, `sockets`.
    package var name: String
    /// What is wrong; `nil` while it holds.
    package var trouble: String?

    package init(_ name: String, trouble: String?) {
        self.name = name
        self.trouble = trouble
    }
}

/// The node that answers, and its mesh.
package struct NodeStatus: Sendable {
    package var name: String
    package var id: NodeID
    package var zone: String
    package var version: String
    package var startedAt: WallTime
    package var mesh: String
    /// Whether this node is on the side that decides.
    package var hasMajority: Bool
    /// Whether it has found its place in the mesh: before, it neither votes nor tells.
    package var isSettled = true
    /// Of the page.
    package var title: String

    package init(
        name: String, id: NodeID, zone: String, version: String, startedAt: WallTime, mesh: String,
        hasMajority: Bool, title: String
    ) {
        self.name = name
        self.id = id
        self.zone = zone
        self.version = version
        self.startedAt = startedAt
        self.mesh = mesh
        self.hasMajority = hasMajority
        self.title = title
    }
}

/// Checks at which too few nodes look.
package struct UnwatchedStatus: Sendable {
    /// Checks named with their reason, here and of each report. The others are counted.
    package static let namedMax = 20

    package struct Entry: Sendable, Hashable {
        package var name: String
        /// For people: what to do something about.
        package var why: String

        package init(name: String, why: String) {
            self.name = name
            self.why = why
        }
    }

    /// Another node's word for checks of its own.
    package struct Report: Sendable, Hashable {
        package var node: String
        package var count: Int
        package var text: String

        package init(node: String, count: Int, text: String) {
            self.node = node
            self.count = count
            self.text = text
        }
    }

    package var count = 0
    /// The first of them, in the order of names.
    package var first: [Entry] = []
    package var reports: [Report] = []

    package init() {}

    package mutating func add(_ name: String, _ why: String) {
        count += 1
        if first.count < Self.namedMax { first.append(Entry(name: name, why: why)) }
    }
}

package struct MemberStatus: Sendable {
    package var name: String
    package var id: NodeID
    package var zone: String
    package var address: String
    package var state: MemberState
    package var generation: UInt32
    package var incarnation: UInt32
    package var since: WallTime

    package init(
        name: String, id: NodeID, zone: String, address: String, state: MemberState,
        generation: UInt32, incarnation: UInt32, since: WallTime
    ) {
        self.name = name
        self.id = id
        self.zone = zone
        self.address = address
        self.state = state
        self.generation = generation
        self.incarnation = incarnation
        self.since = since
    }
}

package struct CheckStatus: Sendable {
    package var id: CheckID
    package var name: String
    /// Empty for a check that is not configured here.
    package var type = ""
    package var target = ""
    package var tags: [String] = []
    /// Certified; `nil` is unknown.
    package var state: TargetState?
    package var since: WallTime?
    /// 0 before the first flip.
    package var epoch: UInt32 = 0
    package var reason = ""
    /// Names, in rank order.
    package var owners: [String] = []
    /// Who tells of it first.
    package var notifier: String?
    /// How many owners must agree.
    package var quorum = 0
    package var isWatched = false
    /// Why it is not, for people.
    package var notWatched: String?
    /// Why this node's latest look saw nothing, if it is an owner.
    package var couldNotLook: String?
    package var isOwnedHere = false
    package var provisional: TargetState?
    package var unreachableFrom: [String] = []
    package var verdicts: [VerdictStatus] = []
    package var latency: TimeSpan?
    package var lastObservedAt: WallTime?
    /// Of this node's own latest look.
    package var measurements = Measurements()

    package init(id: CheckID, name: String) {
        self.id = id
        self.name = name
    }
}

/// What an owner holds against a check's certified state.
package struct VerdictStatus: Sendable {
    package var node: String
    package var state: TargetState
    package var reason: String
    package var since: WallTime

    package init(node: String, state: TargetState, reason: String, since: WallTime) {
        self.node = node
        self.state = state
        self.reason = reason
        self.since = since
    }
}

package struct LookStatus: Sendable {
    package var at: WallTime
    package var observation: Observation

    package init(at: WallTime, observation: Observation) {
        self.at = at
        self.observation = observation
    }
}

package struct IncidentStatus: Sendable {
    package var check: String
    package var state: TargetState
    package var startedAt: WallTime
    package var endedAt: WallTime?
    package var epoch: UInt32
    package var flip: Bytes16
    package var confirmedBy: [String]

    package init(
        check: String, state: TargetState, startedAt: WallTime, endedAt: WallTime?, epoch: UInt32,
        flip: Bytes16, confirmedBy: [String]
    ) {
        self.check = check
        self.state = state
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.epoch = epoch
        self.flip = flip
        self.confirmedBy = confirmedBy
    }
}

package struct NotificationStatus: Sendable {
    package var id: NoticeID
    package var check: String
    package var epoch: UInt32
    package var state: TargetState
    package var contact: String
    package var kind: NoticeKind
    package var status: NoticeStatus
    /// Who holds the claim or has sent it.
    package var node: String?
    package var at: WallTime
    package var attempts: Int

    package init(
        id: NoticeID, check: String, epoch: UInt32, state: TargetState, contact: String,
        kind: NoticeKind, status: NoticeStatus, node: String?, at: WallTime, attempts: Int
    ) {
        self.id = id
        self.check = check
        self.epoch = epoch
        self.state = state
        self.contact = contact
        self.kind = kind
        self.status = status
        self.node = node
        self.at = at
        self.attempts = attempts
    }
}
