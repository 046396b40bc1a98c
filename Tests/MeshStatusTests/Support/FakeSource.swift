import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshPlatform
import MeshStatus

/// A mesh as a test wants it.
final class FakeSource: StatusSource {
    var node = NodeStatus(
        name: "fra-1", id: NodeID(id(1)), zone: "fra", version: "1.0.0", startedAt: time(0),
        mesh: "production", hasMajority: true, title: "Example status")
    var members: [MemberStatus] = [
        member("fra-1", 1, .alive), member("nyc-1", 2, .suspect), member("old-1", 3, .dead),
    ]
    var checks: [CheckStatus] = []
    var notices: [CheckID: [NotificationStatus]] = [:]
    var foundLooks: Result<[LookStatus], Unavailable> = .success([])
    var foundIncidents: Result<[IncidentStatus], Unavailable> = .success([])
    var flips: [Bytes16: [UInt8]] = [:]
    /// Nobody answers what is in files.
    var hangs = false
    var pending: [() -> Void] = []
    var conditions = [Condition("settled", trouble: nil), Condition("disk", trouble: nil)]
    var metrics: [MetricFamily] = []
    var forgotten: [String] = []
    let meshCheck = CheckID(id(0xFFFF))

    private var ids: [CheckID] = []
    private var numbers: [CheckID: Int] = [:]
    private var idsByName: [String: CheckID] = [:]

    func set(_ checks: [CheckStatus]) {
        self.checks = checks.sorted { $0.name < $1.name }
        ids = self.checks.map(\.id)
        numbers = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        idsByName = Dictionary(uniqueKeysWithValues: self.checks.map { ($0.name, $0.id) })
    }

    var checkIDs: [CheckID] { ids }
    func check(named name: String) -> CheckID? { idsByName[name] }
    func check(_ check: CheckID) -> CheckStatus? { numbers[check].map { checks[$0] } }
    func state(of check: CheckID) -> TargetState? { numbers[check].flatMap { checks[$0].state } }
    var unwatched = UnwatchedStatus()
    func tags(of check: CheckID) -> [String] { self.check(check)?.tags ?? [] }
    func notifications(of check: CheckID) -> [NotificationStatus] { notices[check] ?? [] }

    func looks(
        of check: CheckID, limit: Int, then: @escaping (Result<[LookStatus], Unavailable>) -> Void
    ) {
        later { then(self.foundLooks) }
    }

    func incidents(
        of check: CheckID?, from: WallTime, limit: Int,
        then: @escaping (Result<[IncidentStatus], Unavailable>) -> Void
    ) {
        later {
            then(
                self.foundIncidents.map { Array($0.filter { $0.startedAt >= from }.prefix(limit)) })
        }
    }

    func certificate(
        of flip: Bytes16, then: @escaping (Result<[UInt8]?, Unavailable>) -> Void
    ) {
        later { then(.success(self.flips[flip])) }
    }

    /// As from a file: not in the same breath.
    private func later(_ body: @escaping () -> Void) {
        guard !hangs else { return }
        pending.append(body)
    }

    func answerPending() {
        let waiting = pending
        pending = []
        for body in waiting { body() }
    }

    func forget(_ node: String) -> ForgetOutcome {
        guard let member = members.first(where: { $0.name == node || "\($0.id)" == node }) else {
            return .unknown
        }
        guard member.state == .dead else { return .notDead(member.state) }
        forgotten.append(member.name)
        return .forgotten
    }
}

func id(_ number: UInt64) -> Bytes16 { Bytes16(high: 0, low: number) }
func time(_ seconds: UInt64) -> WallTime {
    WallTime(milliseconds: 1_767_225_600_000 + seconds * 1_000)
}

func member(_ name: String, _ number: UInt64, _ state: MemberState) -> MemberStatus {
    MemberStatus(
        name: name, id: NodeID(id(number)), zone: "fra", address: "192.0.2.\(number):7946",
        state: state, generation: 3, incarnation: 1, since: time(5))
}

func check(_ number: UInt64, _ name: String, _ state: TargetState?) -> CheckStatus {
    var check = CheckStatus(id: CheckID(id(number)), name: name)
    check.type = "http"
    check.target = "https://www.example.com/?a=1&b=\"2\""
    check.state = state
    check.owners = ["fra-1", "nyc-1", "old-1"]
    check.notifier = "fra-1"
    check.quorum = 2
    check.isWatched = true
    guard let state else { return check }
    check.since = time(number)
    check.epoch = 7
    check.reason = state == .up ? "" : "connection refused"
    check.latency = .microseconds(12_340)
    check.lastObservedAt = time(100)
    return check
}
