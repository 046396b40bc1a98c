package import MeshCore
import MeshEngine
import MeshMembership

/// What a run came to: the numbers that are printed, and that a README or a comparison quotes.
package struct Figures: Sendable {
    package var scenario: String
    package var nodes: Int
    package var zones: Int
    package var lossPerMillion: Int
    package var seed: UInt64
    package var virtual: TimeSpan
    package var violations: Int
    package var violatedInvariants: [String]
    package var firstViolation: String?
    package var detections: DetectionRecorder
    package var deaths: DeathRecorder
    package var checks: Int
    package var alerts: AlertRecorder
    package var watching: WatchFigures?
    /// Hours that processes ran, added up.
    package var nodeHours: Double
    /// Since measuring began, of processes that ran all the while.
    package var bytesPerSecond = Distribution()
    package var datagramBytesPerSecond = Distribution()
    package var packetsPerSecond = Distribution()
    package var counts: WorldCounts
    package var packetsInFlightMax: Int
    package var queuedUpdatesMax: Int
    package var bytesPerMemberEntry: Double?
    package var trace: UInt64

    /// One line of JSON. `cost` is what only whoever ran it could measure.
    package func line(_ cost: Cost?) -> String {
        var line = JSONLine()
        line.add("scenario", scenario)
        line.add("nodes", nodes)
        line.add("checks", checks)
        line.add("zones", zones)
        line.add("loss", Double(lossPerMillion) / 1_000_000, places: 4)
        line.add("minutes", virtual.inSeconds / 60, places: 2)
        line.add("seed", seed)
        line.add("violations", violations)
        line.add(
            "violated", violatedInvariants.isEmpty ? nil : violatedInvariants.joined(separator: " ")
        )
        line.add("first_violation", firstViolation)
        line.add("kills_noticed", detections.firstDeath.count)
        line.add("kill_first_median_s", detections.firstDeath.median)
        line.add("kill_first_max_s", detections.firstDeath.max)
        line.add("kills_known_by_all", detections.lastDeath.count)
        line.add("kill_all_median_s", detections.lastDeath.median)
        line.add("kill_all_p99_s", detections.lastDeath.p99)
        line.add("kill_all_max_s", detections.lastDeath.max)
        line.add("joins_known_by_all", detections.join.count)
        line.add("join_all_median_s", detections.join.median)
        line.add("join_all_max_s", detections.join.max)
        if checks > 0 { watching?.add(to: &line, alerts) }
        line.add("false_deaths_of_running", deaths.ofRunning)
        line.add("false_death_reports_of_running", deaths.reportsOfRunning)
        line.add("deaths_of_stalled", deaths.ofStalled)
        line.add("deaths_of_cut_off", deaths.ofCutOff)
        line.add("false_death_reports", deaths.reports)
        line.add("node_hours", nodeHours)
        line.add("suspicions_per_node_hour", perNodeHour(deaths.suspicions))
        line.add("refutations_per_node_hour", perNodeHour(deaths.refutations))
        line.add("stalls_noticed", deaths.stalls)
        line.add("bytes_per_s_mean", bytesPerSecond.mean, places: 1)
        line.add("bytes_per_s_p99", bytesPerSecond.p99, places: 1)
        line.add("bytes_per_s_max", bytesPerSecond.max, places: 1)
        line.add("udp_bytes_per_s_mean", datagramBytesPerSecond.mean, places: 1)
        line.add("packets_per_s_mean", packetsPerSecond.mean)
        line.add("packets_per_s_p99", packetsPerSecond.p99)
        line.add("packets_per_s_max", packetsPerSecond.max)
        line.add("datagrams_delivered", counts.datagramsDelivered)
        line.add("datagrams_lost", counts.datagramsLost)
        line.add("datagrams_unheard", counts.datagramsUnheard)
        line.add("datagrams_injected", counts.datagramsInjected)
        line.add("streams_opened", counts.streamsOpened)
        line.add("streams_broken", counts.streamsBroken)
        line.add("packets_in_flight_max", packetsInFlightMax)
        line.add("queued_updates_max", queuedUpdatesMax)
        line.add("backlog_max", counts.backlogMax)
        line.add("bytes_per_member_entry", bytesPerMemberEntry, places: 1)
        line.add("events", counts.events)
        line.add("trace", String(trace, radix: 16))
        if let cost {
            line.add("cpu_s", cost.cpu)
            line.add("wall_s", cost.wall)
            line.add("events_per_s", Double(counts.events) / max(cost.cpu, 0.001), places: 0)
            line.add("peak_rss_kib", cost.peakMemoryKiB)
        }
        return line.text
    }

    private func perNodeHour(_ count: Int) -> Double? {
        nodeHours > 0 ? Double(count) / nodeHours : nil
    }

    /// What the run cost the machine.
    package struct Cost: Sendable {
        package var cpu: Double
        package var wall: Double
        package var peakMemoryKiB: Int

        package init(cpu: Double, wall: Double, peakMemoryKiB: Int) {
            self.cpu = cpu
            self.wall = wall
            self.peakMemoryKiB = peakMemoryKiB
        }
    }
}
