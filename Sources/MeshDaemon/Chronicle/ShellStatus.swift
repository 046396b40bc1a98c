import MeshChecks
import MeshConfiguration
import MeshCore
import MeshEngine
import MeshHistory
import MeshMembership
import MeshNotices
import MeshPlatform
import MeshStatus
import MeshVerdicts

/// What a running node shows: everything by its name, from what the node holds itself.
final class ShellStatus: StatusSource {
    private unowned let daemon: Daemon
    let meshCheck: CheckID
    /// Configured or certified, in the order of names; made anew when either changes.
    private(set) var checkIDs: [CheckID] = []
    private var byName: [String: CheckID] = [:]
    private static let readerSpacing = TimeSpan.seconds(10)
    private var readerNotedUntil = Instant(nanoseconds: .min)

    init(_ daemon: Daemon, meshCheck: CheckID) {
        self.daemon = daemon
        self.meshCheck = meshCheck
    }

    private var shell: NodeShell { daemon.shell }
    private var clock: WallClock { ClockWatch.read() }

    /// The configuration has changed.
    func refresh() {
        let named = daemon.configuration.checks.map { ($0.definition.name.text, $0.definition.id) }
            .sorted { $0.0 < $1.0 }
        checkIDs = named.map(\.1)
        byName = Dictionary(named, uniquingKeysWith: { first, _ in first })
    }

    // MARK: The node and its members

    var node: NodeStatus {
        let settings = daemon.configuration.node
        var status = NodeStatus(
            name: settings.name.text, id: shell.node.id, zone: settings.zone.text,
            version: Version.text, startedAt: daemon.startedAt,
            mesh: daemon.configuration.mesh.name.text, hasMajority: shell.node.hasMajority,
            title: daemon.configuration.http.title)
        status.isSettled = shell.node.isSettled
        return status
    }

    var members: [MemberStatus] {
        let clock = clock
        return shell.node.members.filter { $0.state != .forgotten }
            .map { MemberStatus($0, clock) }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    func forget(_ node: String) -> ForgetOutcome {
        let found = shell.node.members.filter {
            $0.state != .forgotten && ($0.name.text == node || $0.id.description == node)
        }
        guard let member = found.first(where: { $0.state == .dead }) ?? found.first else {
            return .unknown
        }
        let isForgotten =
            shell.tell { core, now in core.forget(member.id, now: now) } ?? false
        return isForgotten ? .forgotten : .notDead(member.state)
    }

    // MARK: Checks

    func check(named name: String) -> CheckID? { byName[name] }

    func state(of check: CheckID) -> TargetState? { shell.node.flip(of: check)?.state }

    var unwatched: UnwatchedStatus {
        let now = SystemClock.now
        let isCutOff = shell.node.hasLostQuorum(at: now)
        var found = UnwatchedStatus()
        for check in checkIDs {
            guard let settings = daemon.looks.settings(of: check), settings.definition.isEnabled
            else { continue }
            if isCutOff {
                found.add(settings.definition.name.text, CheckStatus.lacksMajority)
            } else if let lack = shell.node.lack(of: check, now: now) {
                found.add(settings.definition.name.text, lack.words(shell.name(of:)))
            }
        }
        found.reports = shell.node.unwatchedElsewhere.prefix(UnwatchedStatus.namedMax).map {
            .init(node: shell.name(of: $0.node), count: $0.count, text: $0.text)
        }
        return found
    }

    func tags(of check: CheckID) -> [String] { daemon.looks.settings(of: check)?.tags ?? [] }

    func check(_ check: CheckID) -> CheckStatus? {
        guard let view = shell.node.check(check, now: SystemClock.now) else { return nil }
        noteReader()
        let settings = daemon.looks.settings(of: check)
        var status = CheckStatus(
            view, id: shell.node.id, type: settings?.kind.type ?? "",
            target: settings?.kind.target ?? "",
            facts: daemon.chronicle.standing[check],
            known: shell.node.knownCount, lastLook: daemon.looks.latest[check],
            name: shell.name(of:),
            isReachable: { [shell] in shell.node.member($0)?.state.isReachable ?? false })
        status.tags = settings?.tags ?? []
        if status.isOwnedHere {
            status.measurements = daemon.looks.measurements[check] ?? Measurements()
        } else if let sight = shell.node.sight(of: check) {
            status.latency = sight.latency
            status.lastObservedAt = clock.time(at: sight.observedAt)
        }
        return status
    }

    /// The node asks the others what they see only while somebody asks it.
    private func noteReader() {
        guard daemon.loop.now >= readerNotedUntil else { return }
        readerNotedUntil = daemon.loop.now + Self.readerSpacing
        shell.tell { core, now in core.noteReader(now: now) }
    }

    func looks(
        of check: CheckID, limit: Int, then: @escaping (Result<[LookStatus], Unavailable>) -> Void
    ) {
        daemon.store.looks(of: check, limit: limit) { found in
            then(
                found.map { $0.map { LookStatus(at: $0.at, observation: $0.observation) } }
                    .mapError(Unavailable.init))
        }
    }

    func incidents(
        of check: CheckID?, from: WallTime, limit: Int,
        then: @escaping (Result<[IncidentStatus], Unavailable>) -> Void
    ) {
        daemon.store.incidents(of: check, from: from, limit: limit) { [shell] found in
            then(
                found.map { $0.map { IncidentStatus($0, name: shell.name(of:)) } }
                    .mapError(Unavailable.init))
        }
    }

    func certificate(
        of flip: Bytes16, then: @escaping (Result<[UInt8]?, Unavailable>) -> Void
    ) {
        daemon.store.flip(FlipID(flip)) { found in
            then(found.map { $0?.certificate }.mapError(Unavailable.init))
        }
    }

    // MARK: Notices

    func notifications(of check: CheckID) -> [NotificationStatus] {
        daemon.chronicle.notices(of: check).map { view in
            NotificationStatus(
                view, check: daemon.chronicle.checkName(check),
                contact: daemon.telling.name(of: view.notice.contact)
                    ?? view.notice.contact.description,
                name: shell.name(of:))
        }
    }

    // MARK: Health

    var conditions: [Condition] {
        let disk = daemon.store.faults.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue): \($0.value)" }.joined(separator: "; ")
        return [
            Condition(
                "settled",
                trouble: shell.node.isSettled ? nil : "has not found its place in the mesh yet"),
            Condition("disk", trouble: disk.isEmpty ? nil : disk),
        ]
    }

    var metrics: [MetricFamily] {
        let node = shell.node
        return MetricFamily.families(
            node.counters, node.membershipCounters, node.verdictCounters)
            + ShellMetrics(daemon).families
    }
}

extension Unavailable {
    init(_ fault: DiskFault) { self.init(fault.description) }
}

extension IncidentStatus {
    init(_ record: IncidentRecord, name: (NodeID) -> String) {
        self.init(
            check: record.name, state: record.state, startedAt: record.startedAt,
            endedAt: record.endedAt, epoch: record.epoch, flip: record.flip.bytes,
            confirmedBy: record.confirmedBy.map(name))
    }
}
