import MeshCheckers
import MeshChecks
import MeshConfiguration
import MeshCore
import MeshEngine
import MeshHistory
import MeshPlatform
import MeshVerdicts

/// Looks when the node says so, and keeps what was seen.
///
/// Bound: `CheckRunner.looksMax` looks under way; the history's own.
final class LookDesk {
    private let runner: CheckRunner
    private let store: StateStore
    private unowned let shell: NodeShell
    /// The configuration's own array: settings are large, and there may be 20,000.
    private var checks: [CheckSettings] = []
    private var places: [CheckID: Int32] = [:]
    /// Looks under way.
    private var running: [CheckRunner.LookID: LookOrder] = [:]
    /// When this node's latest look at each check ended.
    private(set) var latest: [CheckID: WallTime] = [:]
    /// What that look measured, where it measured anything.
    private(set) var measurements: [CheckID: Measurements] = [:]
    /// Looks that have ended.
    private(set) var lookCount = 0

    init(_ shell: NodeShell, _ runner: CheckRunner, _ store: StateStore) {
        self.shell = shell
        self.runner = runner
        self.store = store
    }

    var underWay: Int { runner.lookCount }
    var startDelays: StartDelays { runner.startDelays }
    func settings(of check: CheckID) -> CheckSettings? {
        places[check].map { checks[Int($0)] }
    }

    /// What there is to look at from now on. Looks under way at what is not so any more are ended,
    /// programs with them, and nobody hears of them: the node has dropped them, too.
    func set(_ checks: [CheckSettings]) {
        self.checks = checks
        places = Dictionary(minimumCapacity: checks.count)
        for (place, check) in checks.enumerated() where places[check.definition.id] == nil {
            places[check.definition.id] = Int32(place)
        }
        latest = latest.filter { places[$0.key] != nil }
        measurements = measurements.filter { places[$0.key] != nil }
        for (id, order) in running where !isWanted(order) {
            running[id] = nil
            runner.cancel(id)
        }
    }

    private func isWanted(_ order: LookOrder) -> Bool {
        guard let definition = settings(of: order.check)?.definition else { return false }
        return definition.definition == order.definition && definition.isEnabled
    }

    func look(_ order: LookOrder) {
        // Where the configuration has changed since, the node orders anew by itself.
        guard let check = settings(of: order.check), isWanted(order) else { return }
        // Nothing is called before this has returned.
        var id: CheckRunner.LookID?
        id = runner.look(check.kind, due: order.due) { [unowned self] result in
            if let id { self.running[id] = nil }
            self.finish(order, result)
        }
        if let id { running[id] = order }
    }

    private func finish(_ order: LookOrder, _ result: LookResult) {
        lookCount += 1
        let record = LookRecord(
            check: order.check, at: SystemClock.wallTime, observation: result.observation)
        if places[order.check] != nil {
            latest[order.check] = record.at
            measurements[order.check] = result.measurements
        }
        store.record(record)
        shell.tell { node, now in
            node.handle(
                result.observation, result.measurements.remark, for: order.token, now: now)
        }
    }
}
