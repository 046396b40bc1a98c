import MeshCheckers
import MeshChecks
import MeshConfiguration
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshResolver

/// Looks at many targets once.
protocol Looker {
    /// Calls `each` once for every kind, with its place among them.
    func look(
        at kinds: [CheckKind], _ each: @escaping (Int, LookResult) -> Void
    ) throws(SystemError)
}

/// Looks as a node does, with a loop of its own.
struct MachineLooker: Looker {
    /// Looks under way at a time.
    private static let looksMax = 256

    func look(
        at kinds: [CheckKind], _ each: @escaping (Int, LookResult) -> Void
    ) throws(SystemError) {
        guard !kinds.isEmpty else { return }
        let loop = try EventLoop()
        let resolver = Resolver(on: loop)
        let runner = CheckRunner(
            on: loop, client: try HTTPClient(on: loop, resolver: resolver), resolver: resolver)
        var begun = 0
        var ended = 0
        func begin() {
            let index = begun
            begun += 1
            runner.look(kinds[index]) { result in
                each(index, result)
                ended += 1
                if begun < kinds.count { begin() }
                if ended == kinds.count { loop.stop() }
            }
        }
        for _ in 0..<min(Self.looksMax, kinds.count) { begin() }
        try loop.run()
    }
}

/// Runs every check once here and prints each result: the gate for a CI job.
struct CheckCommand {
    let console: Console
    let format: OutputFormat
    let looker: any Looker

    /// Those that are named, in the order of their names; otherwise all that are switched on.
    static func chosen(
        _ names: [String], of configuration: Configuration
    ) throws(UsageError) -> [CheckSettings] {
        guard !names.isEmpty else {
            return configuration.checks.filter(\.definition.isEnabled)
        }
        var chosen: [CheckSettings] = []
        for name in names {
            let check = configuration.checks.first { $0.definition.name.text == name }
            guard let check else {
                let known = configuration.checks.lazy.map(\.definition.name.text)
                let hint = NearestWord.to(name, among: known).map { ": the nearest is \"\($0)\"" }
                throw UsageError("there is no check \"\(name)\"\(hint ?? "")")
            }
            chosen.append(check)
        }
        return chosen
    }

    func run(_ checks: [CheckSettings]) throws(SystemError) -> ExitCode {
        var results = [LookResult?](repeating: nil, count: checks.count)
        try looker.look(at: checks.map(\.kind)) { results[$0] = $1 }
        let observed = zip(checks, results).compactMap { check, result in
            result.map { (check: check, result: $0) }
        }
        switch format {
        case .table: printTable(observed)
        case .json:
            console.print(JSONText.table([("checks", .list(observed.map(Self.json)))]).line)
        }
        let areUp = observed.allSatisfy { Self.words($0.result.observation).state == "up" }
        return areUp && observed.count == checks.count ? .fine : .failed
    }

    private func printTable(_ results: [(check: CheckSettings, result: LookResult)]) {
        guard !results.isEmpty else { return console.complain("there is no check to run") }
        var table = Table([
            ("NAME", .left), ("STATE", .left), ("TIME", .right), ("TARGET", .left),
            ("REASON", .left),
        ])
        for (check, result) in results {
            let observation = result.observation
            let (state, reason) = Self.words(observation)
            table.add([
                .init(check.definition.name.text), .init(state, Show.tone(ofCheck: state)),
                .init(Self.time(observation.latency)), .init(check.kind.target),
                .init(reason.isEmpty ? "-" : reason),
            ])
        }
        for line in table.lines(for: console) { console.print(line) }
    }

    private static func json(_ entry: (check: CheckSettings, result: LookResult)) -> JSONText {
        let (observation, measured) = (entry.result.observation, entry.result.measurements)
        let (state, reason) = words(observation)
        var fields: [(String, JSONText)] = [
            ("name", .text(entry.check.definition.name.text)),
            ("type", .text(entry.check.kind.type)), ("target", .text(entry.check.kind.target)),
            ("state", .text(state)), ("reason", .text(reason)),
            ("latency_ms", .milliseconds(observation.latency)),
        ]
        let phases = measured.phases.map { ("\($0.name)", JSONText.milliseconds($0.span)) }
        if !phases.isEmpty { fields.append(("phases_ms", .table(phases))) }
        if let status = measured.status { fields.append(("status", .number(status))) }
        if let end = measured.certificateEnds {
            fields.append(("certificate_ends_at", .text(end.rfc3339)))
        }
        return .table(fields)
    }

    private static func words(_ observation: Observation) -> (state: String, reason: String) {
        switch observation.outcome {
        case .saw(.up, let reason): ("up", reason.text)
        case .saw(.degraded, let reason): ("degraded", reason.text)
        case .saw(.down, let reason): ("down", reason.text)
        case .abstained(let abstention): ("unknown", why(abstention))
        }
    }

    private static func why(_ abstention: Abstention) -> String {
        switch abstention {
        case .unhealthy: "this node is not well"
        case .noResources: "this machine has no route, socket or memory for it"
        case .late: "it was looked at too late"
        case .noResolver: "no name server answers this machine"
        case .noUplink: "this machine's uplink is down"
        case .aloneInBurst: "nobody else sees it"
        case .hung: "the look did not come back"
        }
    }

    private static func time(_ span: TimeSpan) -> String {
        let microseconds = span.nanoseconds / 1_000
        guard microseconds < 10_000 else { return "\(span.milliseconds) ms" }
        return "\(microseconds / 1_000).\(microseconds % 1_000 / 100) ms"
    }
}
