package import MeshCore
import MeshEngine

/// What a run came to in checks and notices.
package struct WatchFigures: Sendable {
    package private(set) var flips: Int
    package private(set) var flipsKnownByAll: Int
    package private(set) var forks: Int
    package private(set) var equivocations: Int
    package private(set) var abstentions: Int
    package private(set) var looks: Int
    /// Notices accepted, repetitions included, and those.
    package private(set) var notices: Int
    package private(set) var duplicates: Int
    /// Notices that people should have had and did not, and states that were never certified.
    package private(set) var missed: Int
    /// Of how many states and tellings that was to be judged.
    package private(set) var judged: Int
    package private(set) var longestGap: TimeSpan
    /// Checks that the busiest node owned at the end, in parts of the mean.
    package private(set) var ownershipMaxOfMean: Double?
    package private(set) var storedItems: Int
    /// Of memory, for each check and node.
    package private(set) var bytesPerCheck: Double?

    init(_ world: World, missed: Int, judged: Int) {
        let (truth, sights) = (world.watch.truth, world.watch.sights)
        flips = truth.flips.count
        flipsKnownByAll = truth.flips.count { $0.knownByAllAt != nil }
        forks = truth.forkCount
        equivocations = truth.equivocationCount
        abstentions = truth.abstentionCount
        looks = sights.lookCount
        notices = world.watch.receivers.acceptances.count
        duplicates = world.watch.receivers.repeatedCount
        self.missed = missed
        self.judged = judged
        longestGap = sights.longestGap.max() ?? .zero
        storedItems = world.counts.storedItems
        ownershipMaxOfMean = Self.spread(world)
        bytesPerCheck = Self.bytesPerCheck(world)
    }

    private static func spread(_ world: World) -> Double? {
        var owned = Distribution()
        for process in world.processes where process.state == .running {
            owned.add(Double(process.node?.ownedCount ?? 0))
        }
        guard let mean = owned.mean, mean > 0, let largest = owned.max else { return nil }
        return largest / mean
    }

    private static func bytesPerCheck(_ world: World) -> Double? {
        var bytes = Distribution()
        for process in world.processes where process.state == .running {
            bytes.add(Double(process.node?.truthStorageByteCount ?? 0))
        }
        let checks = world.setup.watch.checkCount
        guard checks > 0 else { return nil }
        return bytes.mean.map { $0 / Double(checks) }
    }

    func add(to line: inout JSONLine, _ alerts: AlertRecorder) {
        line.add("flips", flips)
        line.add("mints", alerts.mints)
        line.add("flips_known_by_all", flipsKnownByAll)
        line.add("detections", alerts.detection.count)
        line.add("detection_median_s", alerts.detection.median)
        line.add("detection_max_s", alerts.detection.max)
        line.add("recovery_median_s", alerts.recovery.median)
        line.add("recovery_max_s", alerts.recovery.max)
        line.add("mint_median_s", alerts.minting.median)
        line.add("mint_max_s", alerts.minting.max)
        line.add("certified_everywhere_median_s", alerts.spreading.median)
        line.add("certified_everywhere_max_s", alerts.spreading.max)
        line.add("notices", notices)
        line.add("duplicates", duplicates)
        line.add("missed", missed)
        line.add("judged", judged)
        line.add("provisionals", alerts.provisionals)
        line.add("forks", forks)
        line.add("equivocations", equivocations)
        line.add("abstentions", abstentions)
        line.add("looks", looks)
        line.add("longest_gap_s", longestGap.inSeconds)
        line.add("ownership_max_of_mean", ownershipMaxOfMean)
        line.add("stored_items", storedItems)
        line.add("truth_bytes_per_check_and_node", bytesPerCheck, places: 1)
    }
}
