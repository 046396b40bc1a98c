import MeshChecks
import MeshConfiguration
import MeshCore
import MeshPlatform

/// Runs every check once here and prints each result: the gate for a CI job.
struct CheckCommand {
    /// Looks under way at a time, unless the file says how many.
    static let looksMax = 256

    let console: Console
    let format: OutputFormat
    let looker: any Looker

    /// Those that are named, in the order of their names; otherwise all that are switched on. Of
    /// these, where there are `tags`, those that have one of them.
    static func chosen(
        _ names: [String], tags: [String] = [], of list: CheckList
    ) throws(UsageError) -> [CheckList.Entry] {
        var chosen: [CheckList.Entry] = []
        if names.isEmpty { chosen = list.entries.filter(\.isEnabled) }
        for name in names {
            guard let entry = list.entries.first(where: { $0.name == name }) else {
                let known = list.entries.lazy.map(\.name)
                throw UsageError(unknown("check", name, among: known))
            }
            chosen.append(entry)
        }
        let known = Set(list.entries.flatMap(\.tags))
        for tag in tags where !known.contains(tag) {
            throw UsageError(unknown("tag", tag, among: known.sorted()))
        }
        guard !tags.isEmpty else { return chosen }
        return chosen.filter { entry in tags.contains(where: entry.tags.contains) }
    }

    private static func unknown(
        _ what: String, _ word: String, among known: some Sequence<String>
    ) -> String {
        let hint = NearestWord.to(word, among: known).map { ": the nearest is \"\($0)\"" } ?? ""
        return "there is no \(what) \"\(word)\"\(hint)"
    }

    func run(_ entries: [CheckList.Entry], of list: CheckList) throws(SystemError) -> ExitCode {
        var results = [LookResult?](repeating: nil, count: entries.count)
        var progress = Progress(of: entries.count, on: console)
        let began = SystemClock.now
        let atOnce = max(1, list.concurrency ?? Self.looksMax)
        try looker.look(at: entries.map(\.kind), atOnce: atOnce) { place, result in
            results[place] = result
            progress.add(isUp: CheckReport.isUp(result))
        }
        progress.finish()
        let reports = zip(entries, results).compactMap { entry, result in
            result.map { CheckReport(entry: entry, result: $0) }
        }
        switch format {
        case .table: printTable(reports, took: SystemClock.now - began)
        case .json: console.print(json(reports, list).line)
        }
        let areUp = reports.allSatisfy { $0.state == "up" }
        return areUp && reports.count == entries.count ? .fine : .failed
    }

    private func printTable(_ reports: [CheckReport], took: TimeSpan) {
        guard !reports.isEmpty else { return console.complain("there is no check to run") }
        var table = Table([
            ("NAME", .left), ("STATE", .left), ("TIME", .right), ("TARGET", .left),
            ("REASON", .left),
        ])
        table.wrapsLast = true
        for report in reports {
            table.add([
                .init(report.entry.name), .init(report.state, Show.tone(ofCheck: report.state)),
                .init(CheckReport.time(report.result.observation.latency)),
                .init(report.entry.kind.target), .init(report.remarks),
            ])
        }
        for line in table.lines(for: console) { console.print(line) }
        // One or two are seen at a glance.
        if reports.count >= Progress.totalMin { console.print(summary(reports, took)) }
    }

    private func summary(_ reports: [CheckReport], _ took: TimeSpan) -> String {
        let counts = ["up", "degraded", "down", "unknown"].compactMap { state -> String? in
            let count = reports.count { $0.state == state }
            guard count > 0 else { return nil }
            return Table.colour(
                "\(count) \(state)", Show.tone(ofCheck: state), console.showsColours)
        }
        return "\(reports.count) checks in \(CheckReport.time(took)): "
            + counts.joined(separator: ", ")
    }

    private func json(_ reports: [CheckReport], _ list: CheckList) -> JSONText {
        var members: [(String, JSONText)] = []
        if let timestamp = list.timestamp {
            members.append(("timestamp", .text(timestamp.rfc3339)))
        }
        return .table(members + [("checks", .list(reports.map(\.json)))])
    }
}

/// One result, as people and programs read it.
struct CheckReport {
    let entry: CheckList.Entry
    let result: LookResult

    static func isUp(_ result: LookResult) -> Bool {
        if case .saw(.up, _) = result.observation.outcome { return true }
        return false
    }

    var state: String {
        switch result.observation.outcome {
        case .saw(let state, _): state.word
        case .abstained: "unknown"
        }
    }

    var reason: String {
        switch result.observation.outcome {
        case .saw(_, let reason): reason.text
        case .abstained(let abstention):
            result.measurements.remark.map { "\(abstention.explanation): \($0)" }
                ?? abstention.explanation
        }
    }

    /// The reason, and each of several attempts.
    var remarks: String {
        var remarks = reason.isEmpty ? [] : [reason]
        if result.attempts.count > 1 {
            let times = result.attempts.map { attempt in
                Self.time(attempt.span) + (attempt.hasFailed ? " failed" : "")
            }
            remarks.append("\(times.count) attempts: \(times.joined(separator: ", "))")
        }
        return remarks.isEmpty ? "-" : remarks.joined(separator: "; ")
    }

    var json: JSONText {
        var members: [(String, JSONText)] = [
            ("name", .text(entry.name)), ("type", .text(entry.kind.type)),
            ("target", .text(entry.kind.target)), ("state", .text(state)),
            ("reason", .text(reason)), ("latency_ms", .milliseconds(result.observation.latency)),
        ]
        if result.attempts.count > 1 {
            members.append(("attempts", .list(result.attempts.map(Self.json))))
        }
        return .table(members + measured)
    }

    private static func json(_ attempt: Attempt) -> JSONText {
        let reason: String? =
            switch attempt.outcome {
            case .answered: nil
            case .degraded(let reason), .failed(let reason): reason.text
            case .impossible(let abstention): abstention.explanation
            }
        let latency = ("latency_ms", JSONText.milliseconds(attempt.span))
        guard let reason else { return .table([latency]) }
        return .table([latency, ("reason", .text(reason))])
    }

    /// What was measured besides, where there is any of it.
    private var measured: [(String, JSONText)] {
        let found = result.measurements
        let phases = found.phases.map { ("\($0.name)", JSONText.milliseconds($0.span)) }
        var members: [(String, JSONText)] = []
        if !phases.isEmpty { members.append(("phases_ms", .table(phases))) }
        if let status = found.status { members.append(("status", .number(status))) }
        if let end = found.certificateEnds {
            members.append(("certificate_ends_at", .text(end.rfc3339)))
        }
        if let sent = found.packetsSent { members.append(("packets_sent", .number(sent))) }
        if let received = found.packetsReceived {
            members.append(("packets_received", .number(received)))
        }
        return members
    }

    static func time(_ span: TimeSpan) -> String {
        let microseconds = span.nanoseconds / 1_000
        guard microseconds < 10_000 else { return "\(span.milliseconds) ms" }
        return "\(microseconds / 1_000).\(microseconds % 1_000 / 100) ms"
    }
}
