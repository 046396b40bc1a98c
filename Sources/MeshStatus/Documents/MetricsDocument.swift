import MeshChecks
import MeshCore
import MeshMembership

/// `/metrics`: what Prometheus reads. Families of checks come one after the other, as the format
/// wants it, so what they need of each check is gathered first, in slices; 100 bytes a check.
final class MetricsDocument {
    static let type = "text/plain; version=0.0.4; charset=utf-8"

    private static let checksPerSlice = 100

    private let source: any StatusSource
    private let checks: [CheckID]
    private let others: [MetricFamily]
    private var rows: [Row] = []
    private var gathered = 0
    private var family = 0
    private var written = 0

    private struct Row: Sendable {
        var label: [UInt8]
        var state: TargetState?
        var since: WallTime?
        var latency: TimeSpan?
        var observedAt: WallTime?
        var epoch: UInt32
        var isWatched: Bool
        var isOwned: Bool
        var dissents: Int
    }

    init(_ source: any StatusSource, _ endpoint: EndpointCounters) {
        self.source = source
        checks = source.checkIDs
        others = Self.mesh(source) + source.metrics + MetricFamily.families(endpoint)
    }

    var stream: PieceStream { PieceStream { [self] in write(to: &$0) } }

    /// A slice; false after the last.
    private func write(to bytes: inout [UInt8]) -> Bool {
        if gathered < checks.count {
            let slice = checks[gathered..<min(gathered + Self.checksPerSlice, checks.count)]
            for check in slice { if let row = row(check) { rows.append(row) } }
            gathered += slice.count
            if gathered == checks.count { for other in others { other.write(to: &bytes) } }
            return true
        }
        if checks.isEmpty { for other in others { other.write(to: &bytes) } }
        guard family < Self.families.count, !rows.isEmpty else { return false }
        let (head, value) = Self.families[family]
        if written == 0 { head.header(to: &bytes) }
        for row in rows[written..<min(written + 4 * Self.checksPerSlice, rows.count)] {
            if let value = value(row) {
                MetricFamily.sample(head.name, row.label, value, to: &bytes)
            }
            written += 1
        }
        if written == rows.count {
            written = 0
            family += 1
        }
        return family < Self.families.count
    }

    private func row(_ id: CheckID) -> Row? {
        guard let check = source.check(id) else { return nil }
        var label: [UInt8] = []
        MetricFamily.label("check", check.name, to: &label)
        return Row(
            label: label, state: check.state, since: check.since, latency: check.latency,
            observedAt: check.lastObservedAt, epoch: check.epoch, isWatched: check.isWatched,
            isOwned: check.isOwnedHere, dissents: check.verdicts.count)
    }

    // MARK: The families of checks

    private typealias Column = (MetricFamily, @Sendable (Row) -> String?)

    private static let families: [Column] = [
        (
            gauge("probe_success", "Whether the check is certified as up or degraded."),
            { row in row.state.map { $0 == .down ? "0" : "1" } }
        ),
        (
            gauge("probe_duration_seconds", "How long the latest known look took."),
            { row in row.latency.map { MetricFamily.text($0.inSeconds) } }
        ),
        (
            gauge(
                "checkmesh_check_state",
                "The certified state: 0 up, 1 degraded, 2 down; -1 before the first flip."),
            { row in row.state.map { String($0.rawValue) } ?? "-1" }
        ),
        (
            gauge("checkmesh_check_since_timestamp_seconds", "Since when it is in that state."),
            { row in row.since.map(seconds) }
        ),
        (
            gauge("checkmesh_check_epoch", "The number of the check's flips."),
            { row in String(row.epoch) }
        ),
        (
            gauge("checkmesh_check_watched", "Whether enough owners look at it."),
            { row in row.isWatched ? "1" : "0" }
        ),
        (
            gauge("checkmesh_check_owned", "Whether this node is one of its owners."),
            { row in row.isOwned ? "1" : "0" }
        ),
        (
            gauge("checkmesh_check_verdicts", "Owners that hold another state against it."),
            { row in String(row.dissents) }
        ),
        (
            gauge(
                "checkmesh_check_last_observed_timestamp_seconds",
                "When the latest known look ended."),
            { row in row.observedAt.map(seconds) }
        ),
    ]

    private static func gauge(_ name: String, _ help: String) -> MetricFamily {
        MetricFamily(name, .gauge, help, [])
    }

    private static func seconds(_ time: WallTime) -> String {
        MetricFamily.text(Double(time.milliseconds) / 1_000)
    }

    // MARK: The mesh's

    private static func mesh(_ source: any StatusSource) -> [MetricFamily] {
        let node = source.node
        let members = Dictionary(source.members.map { ($0.state, 1) }, uniquingKeysWith: +)
        let states: [MemberState] = [.alive, .suspect, .dead, .left]
        return [
            MetricFamily(
                "checkmesh_node_info", .gauge, "Who answers; always 1.",
                [
                    .init(
                        [
                            ("name", node.name), ("id", node.id.description), ("zone", node.zone),
                            ("mesh", node.mesh), ("version", node.version),
                        ], 1)
                ]),
            MetricFamily(
                "process_start_time_seconds", .gauge, "When this process started.",
                [.init([], Double(node.startedAt.milliseconds) / 1_000)]),
            MetricFamily(
                "checkmesh_ready", .gauge, "Whether each of a ready node's conditions holds.",
                by: "condition",
                source.conditions.map { ($0.name, $0.trouble == nil ? 1 : 0) }),
            MetricFamily(
                "checkmesh_members", .gauge, "Members, by state; this node is one of them.",
                by: "state", states.map { ($0.word, members[$0] ?? 0) }),
        ]
    }
}
