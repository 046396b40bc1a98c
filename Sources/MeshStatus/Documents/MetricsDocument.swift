import MeshChecks
import MeshCore
import MeshMembership

/// `/metrics`: what Prometheus reads. Families of checks come one after the other, as the format
/// wants it, so what they need of each check is gathered first, in slices; 100 bytes a check.
final class MetricsDocument {
    static let type = "text/plain; version=0.0.4; charset=utf-8"

    private static let checksPerSlice = 100
    private static let rowsPerSlice = 400

    private let source: any StatusSource
    private let checks: [CheckID]
    private let others: [MetricFamily]
    private var rows: [Row] = []
    private var hasBegun = false
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
        var type: String
        var measurements: Measurements
    }

    init(_ source: any StatusSource, _ endpoint: EndpointCounters) {
        self.source = source
        checks = source.checkIDs
        others = Self.mesh(source) + source.metrics + MetricFamily.families(endpoint)
    }

    var stream: PieceStream { PieceStream { [self] in write(to: &$0) } }

    /// A slice; false after the last. The first family is written while the rest is gathered, so
    /// that no slice is empty.
    private func write(to bytes: inout [UInt8]) -> Bool {
        if !hasBegun {
            hasBegun = true
            for other in others { other.write(to: &bytes) }
            return !checks.isEmpty
        }
        let (head, values) = Self.families[family]
        if written == 0 { head.header(to: &bytes) }
        if family == 0 {
            let end = min(written + Self.checksPerSlice, checks.count)
            for check in checks[written..<end] {
                guard let row = row(check) else { continue }
                rows.append(row)
                write(head, values, of: row, to: &bytes)
            }
            return goOn(from: end, of: checks.count)
        }
        let end = min(written + Self.rowsPerSlice, rows.count)
        for row in rows[written..<end] { write(head, values, of: row, to: &bytes) }
        return goOn(from: end, of: rows.count)
    }

    private func write(
        _ head: MetricFamily, _ values: Values, of row: Row, to bytes: inout [UInt8]
    ) {
        switch values {
        case .one(let value):
            guard let value = value(row) else { return }
            MetricFamily.sample(head.name, row.label, value, to: &bytes)
        case .phases(let phases):
            for (phase, span) in phases(row) {
                var label = row.label
                label.append(UInt8(ascii: ","))
                MetricFamily.label("phase", "\(phase)", to: &label)
                MetricFamily.sample(
                    head.name, label, MetricFamily.text(span.inSeconds), to: &bytes)
            }
        }
    }

    private func goOn(from end: Int, of count: Int) -> Bool {
        written = end == count ? 0 : end
        if end == count { family += 1 }
        return family < Self.families.count
    }

    private func row(_ id: CheckID) -> Row? {
        guard let check = source.check(id) else { return nil }
        var label: [UInt8] = []
        MetricFamily.label("check", check.name, to: &label)
        return Row(
            label: label, state: check.state, since: check.since, latency: check.latency,
            observedAt: check.lastObservedAt, epoch: check.epoch, isWatched: check.isWatched,
            isOwned: check.isOwnedHere, dissents: check.verdicts.count, type: check.type,
            measurements: check.measurements)
    }

    // MARK: The families of checks

    private typealias Column = (MetricFamily, Values)

    /// What a family has of each check.
    private enum Values: Sendable {
        case one(@Sendable (Row) -> String?)
        /// A sample for each part of a look.
        case phases(@Sendable (Row) -> [(name: StaticString, span: TimeSpan)])
    }

    private static let families: [Column] = [
        // The first: every check has it.
        (
            gauge(
                "checkmesh_check_state",
                "The certified state: 0 up, 1 degraded, 2 down; -1 before the first flip."),
            .one { row in row.state.map { String($0.rawValue) } ?? "-1" }
        ),
        (
            gauge("probe_success", "Whether the check is certified as up or degraded."),
            .one { row in row.state.map { $0 == .down ? "0" : "1" } }
        ),
        (
            gauge("probe_duration_seconds", "How long the latest known look took."),
            .one { row in row.latency.map { MetricFamily.text($0.inSeconds) } }
        ),
        (
            gauge("checkmesh_check_since_timestamp_seconds", "Since when it is in that state."),
            .one { row in row.since.map(seconds) }
        ),
        (
            gauge("checkmesh_check_epoch", "The number of the check's flips."),
            .one { row in String(row.epoch) }
        ),
        (
            gauge("checkmesh_check_watched", "Whether enough owners look at it."),
            .one { row in row.isWatched ? "1" : "0" }
        ),
        (
            gauge("checkmesh_check_owned", "Whether this node is one of its owners."),
            .one { row in row.isOwned ? "1" : "0" }
        ),
        (
            gauge("checkmesh_check_verdicts", "Owners that hold another state against it."),
            .one { row in String(row.dissents) }
        ),
        (
            gauge(
                "checkmesh_check_last_observed_timestamp_seconds",
                "When the latest known look ended."),
            .one { row in row.observedAt.map(seconds) }
        ),
        (
            gauge(
                "probe_http_duration_seconds",
                "Where the time of this node's latest look went; only its last request's."),
            .phases { row in row.type == "http" ? row.measurements.phases : [] }
        ),
        (
            gauge("probe_http_status_code", "The status code that was answered."),
            .one { row in row.measurements.status.map { String($0) } }
        ),
        (
            gauge("probe_dns_lookup_time_seconds", "How long the name was looked up."),
            .one { row in row.measurements.resolve.map { MetricFamily.text($0.inSeconds) } }
        ),
        (
            gauge(
                "probe_ssl_earliest_cert_expiry",
                "When the first certificate ends that was shown, in Unix time."),
            .one { row in row.measurements.certificateEnds.map(seconds) }
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
