import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// The table of all transitions.
struct WantingTests {
    struct Row: Sendable {
        var on: Route.Wanted
        var tellsDegraded = false
        var told: TargetState?
        var isSameIncident = true
        var owed: TargetState?
        var previous: TargetState?
        var state: TargetState
        /// Whether it is told, and as a change from what.
        var isTold: Bool
        var from: TargetState?
    }

    static let rows: [Row] = [
        Row(on: .both, state: .up, isTold: false),
        Row(on: .both, state: .down, isTold: true),
        Row(on: .both, previous: .up, state: .down, isTold: true, from: .up),
        Row(on: .both, previous: .up, state: .degraded, isTold: false),
        Row(
            on: .both, tellsDegraded: true, previous: .up, state: .degraded, isTold: true, from: .up
        ),
        Row(on: .both, told: .down, previous: .down, state: .up, isTold: true, from: .down),
        Row(on: .both, told: .down, previous: .down, state: .degraded, isTold: true, from: .down),
        Row(on: .both, told: .degraded, previous: .degraded, state: .up, isTold: false),
        Row(
            on: .both, tellsDegraded: true, told: .degraded, previous: .degraded, state: .down,
            isTold: true, from: .degraded),
        Row(on: .both, told: .down, previous: .up, state: .down, isTold: false),
        Row(on: .both, owed: .down, previous: .down, state: .up, isTold: true, from: .down),
        Row(on: .both, owed: .degraded, previous: .degraded, state: .up, isTold: false),
        Row(on: .offline, previous: .up, state: .down, isTold: true, from: .up),
        Row(on: .offline, told: .down, previous: .down, state: .up, isTold: false),
        Row(on: .offline, owed: .down, previous: .down, state: .up, isTold: false),
        Row(on: .offline, told: .down, previous: .degraded, state: .down, isTold: false),
        Row(
            on: .offline, told: .down, isSameIncident: false, previous: .up, state: .down,
            isTold: true, from: .up),
        Row(on: .online, previous: .up, state: .down, isTold: false),
        Row(on: .online, previous: .down, state: .up, isTold: true, from: .down),
        Row(on: .online, previous: nil, state: .up, isTold: false),
        Row(on: .online, previous: .degraded, state: .up, isTold: false),
        Row(
            on: .online, tellsDegraded: true, previous: .degraded, state: .up, isTold: true,
            from: .degraded),
        Row(on: .online, owed: .down, previous: .degraded, state: .up, isTold: true, from: .down),
    ]

    @Test(arguments: Array(rows.indices))
    func `each row of the table`(index: Int) {
        let row = Self.rows[index]
        let incident = IncidentID(Bytes16(high: 1, low: 1))
        let other = IncidentID(Bytes16(high: 2, low: 2))
        let told = row.told.map { state in
            Receipt(
                topic: .chain(Names.check), check: Names.check, contact: Names.oncall, ordinal: 0,
                occasion: Names.flip(3), incident: row.isSameIncident ? incident : other,
                birth: Names.birth, epoch: 3, state: state, round: 0, outcome: .sent,
                key: Names.key(0), generation: 1, sequence: 1, time: WallTime(milliseconds: 0),
                using: Names.cryptography)
        }
        let news = News(
            check: Names.check,
            place: Place(
                birth: Names.birth, epoch: 5, ordinal: 0, state: row.state,
                occasion: Names.flip(5)),
            previous: row.previous, since: WallTime(milliseconds: 0), reason: .none,
            confirmedBy: [], ladder: .none, incident: incident)
        let route = Route(
            contact: Names.oncall, on: row.on, tellsDegraded: row.tellsDegraded)
        let want = Wanting(route: route, told: told).want(news, owed: row.owed)
        #expect((want != nil) == row.isTold)
        #expect(want?.previous == row.from)
    }
}
