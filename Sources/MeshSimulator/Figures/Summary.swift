import MeshCore

/// Many seeds in one line.
package struct Summary: Sendable {
    package private(set) var violations = 0
    private var runs = 0
    private var failingSeeds: [UInt64] = []
    private var falseDeaths = 0
    private var stalledDeaths = 0
    private var cutDeaths = 0
    private var nodeHours = 0.0
    private var medians = Distribution()
    private var lasts = Distribution()
    private var bytes = Distribution()
    private var notices = 0
    private var duplicates = 0
    private var missed = 0
    private var detectionMedians = Distribution()
    private var detectionLasts = Distribution()

    /// Of failing seeds so many are named.
    private static let namedMax = 20

    package init() {}

    package mutating func add(_ figures: Figures) {
        runs += 1
        violations += figures.violations
        if figures.violations > 0, failingSeeds.count < Self.namedMax {
            failingSeeds.append(figures.seed)
        }
        falseDeaths += figures.deaths.ofRunning
        stalledDeaths += figures.deaths.ofStalled
        cutDeaths += figures.deaths.ofCutOff
        nodeHours += figures.nodeHours
        if let median = figures.detections.lastDeath.median { medians.add(median) }
        if let last = figures.detections.lastDeath.max { lasts.add(last) }
        if let mean = figures.bytesPerSecond.mean { bytes.add(mean) }
        notices += figures.watching?.notices ?? 0
        duplicates += figures.watching?.duplicates ?? 0
        missed += figures.watching?.missed ?? 0
        if let median = figures.alerts.detection.median { detectionMedians.add(median) }
        if let last = figures.alerts.detection.max { detectionLasts.add(last) }
    }

    package func line(
        scenario: String, request: Scenario.Request, cpu: Double, wall: Double
    ) -> String {
        var line = JSONLine()
        line.add("summary", scenario)
        line.add("nodes", request.nodes)
        line.add("loss", Double(request.lossPerMillion) / 1_000_000, places: 4)
        line.add("runs", runs)
        line.add("violations", violations)
        line.add(
            "failing_seeds",
            failingSeeds.isEmpty ? nil : failingSeeds.map(String.init).joined(separator: " "))
        line.add("false_deaths_of_running", falseDeaths)
        line.add("deaths_of_stalled", stalledDeaths)
        line.add("deaths_of_cut_off", cutDeaths)
        line.add("node_hours", nodeHours)
        line.add("kill_all_median_s", medians.median)
        line.add("kill_all_max_s", lasts.max)
        line.add("bytes_per_s_mean", bytes.mean, places: 1)
        if request.checks > 0 {
            line.add("checks", request.checks)
            line.add("notices", notices)
            line.add("duplicates", duplicates)
            line.add("missed", missed)
            line.add("detection_median_s", detectionMedians.median)
            line.add("detection_max_s", detectionLasts.max)
        }
        line.add("cpu_s", cpu)
        line.add("wall_s", wall)
        return line.text
    }
}
