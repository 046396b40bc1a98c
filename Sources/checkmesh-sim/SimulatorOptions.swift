import MeshChecks
import MeshCore
import MeshEngine
import MeshMembership
import MeshSimulator

/// What the command line asks for, already checked.
struct SimulatorOptions {
    var request = Scenario.Request(nodes: 5)
    var scenario: Scenario
    /// One run for each; `--seed` is a range of one.
    var seeds: ClosedRange<UInt64> = 1...1
    var isSweep = false
    /// The first violations in words on standard error.
    var isVerbose = false
    /// Every life and report on standard error.
    var tellsStory = false
    var sabotage: Sabotage?

    /// What else the command line may ask for.
    enum Wish {
        case run(SimulatorOptions)
        case help
        case list
    }

    /// The operator erred: all that is wrong, each with its remedy.
    struct UsageError: Error {
        var problems: [String]
    }

    static let nodesMax = 10_000
    static let zonesMax = 1_000
    static let contactsMax = 1_000
    static let minutesMax = 60 * 24 * 7
    static let seedsMax: UInt64 = 1_000_000

    static func parse(_ arguments: [String]) throws(UsageError) -> Wish {
        guard let standard = ScenarioCatalog.scenario(named: ScenarioCatalog.standard) else {
            preconditionFailure("expected the standard scenario in the catalog")
        }
        var options = SimulatorOptions(scenario: standard)
        var problems: [String] = []
        var rest = arguments[...]
        var given: Set<String> = []
        while let flag = rest.popFirst() {
            switch flag {
            case "--help", "-h": return .help
            case "--list": return .list
            case "--verbose":
                options.isVerbose = true
                continue
            case "--story":
                options.tellsStory = true
                continue
            default: break
            }
            guard names.contains(flag) else {
                let word = flag.prefix { $0 != "=" }
                let hint =
                    names.contains(String(word))
                    ? "write \(word) and the value apart" : "see --help"
                problems.append("\(flag) is not an option; \(hint)")
                continue
            }
            guard let value = rest.popFirst() else {
                problems.append("\(flag) needs a value")
                continue
            }
            // Two words for one thing: which was meant?
            if !given.insert(flag == "--seeds" ? "--seed" : flag).inserted {
                problems.append("\(flag) \(value): given already; --seed and --seeds are one")
                continue
            }
            if let problem = options.set(flag, to: value) { problems.append(problem) }
        }
        if options.request.nodes < options.scenario.nodesMin {
            problems.append(
                "--scenario \(options.scenario.name): makes sense with "
                    + "\(options.scenario.nodesMin) nodes or more")
        }
        guard problems.isEmpty else { throw UsageError(problems: problems) }
        return .run(options)
    }

    private static let names = [
        "--nodes", "--checks", "--zones", "--loss", "--minutes", "--seed", "--seeds", "--scenario",
        "--sabotage", "--suspicion", "--suspicion-max", "--lifeguard",
        "--interval", "--delay", "--confirmations", "--contacts",
    ]

    /// What is wrong with the value, or `nil`.
    private mutating func set(_ flag: String, to value: String) -> String? {
        switch flag {
        case "--nodes":
            guard let nodes = Int(value), (1...Self.nodesMax).contains(nodes) else {
                return "--nodes \(value): expected 1 to \(Self.nodesMax)"
            }
            request.nodes = nodes
        case "--checks":
            guard let checks = Int(value), (0...WatchPlan.checksMax).contains(checks) else {
                return "--checks \(value): expected 0 to \(WatchPlan.checksMax)"
            }
            request.checks = checks
        case "--contacts", "--interval", "--delay", "--confirmations":
            return setWatching(flag, to: value)
        case "--zones":
            guard let zones = Int(value), (1...Self.zonesMax).contains(zones) else {
                return "--zones \(value): expected 1 to \(Self.zonesMax)"
            }
            request.zones = zones
        case "--loss":
            guard let loss = Double(value), (0...90).contains(loss) else {
                return "--loss \(value): expected 0 to 90 per cent, as 25, or a share, as 0.25"
            }
            // Both are written: a share is below one, and nobody asks for half a per cent.
            let share = loss < 1 ? loss : loss / 100
            request.lossPerMillion = Int(share * 1_000_000 + 0.5)
        case "--minutes":
            guard let minutes = Double(value), minutes >= 1, minutes <= Double(Self.minutesMax)
            else { return "--minutes \(value): expected 1 to \(Self.minutesMax)" }
            request.duration = .milliseconds(Int64(minutes * 60_000))
        case "--seed":
            guard let seed = UInt64(value) else {
                return "--seed \(value): expected a whole number, not below 0"
            }
            seeds = seed...seed
        case "--seeds":
            guard let range = Self.range(value) else {
                return "--seeds \(value): expected A..B with A <= B and at most \(Self.seedsMax)"
            }
            seeds = range
            isSweep = true
        case "--scenario":
            guard let found = ScenarioCatalog.scenario(named: value) else {
                return "--scenario \(value): no such scenario; see --list"
            }
            scenario = found
        case "--sabotage":
            guard let found = Sabotage(rawValue: value) else {
                let known = Sabotage.allCases.map(\.rawValue).joined(separator: ", ")
                return "--sabotage \(value): expected one of \(known)"
            }
            sabotage = found
        case "--suspicion":
            guard let factor = Int(value), (1...100).contains(factor) else {
                return "--suspicion \(value): expected a multiplier from 1 to 100"
            }
            request.parameters.suspicionMultiplier = factor
        case "--suspicion-max":
            guard let factor = Int(value), (1...100).contains(factor) else {
                return "--suspicion-max \(value): expected a multiplier from 1 to 100"
            }
            request.parameters.suspicionMaxMultiplier = factor
        case "--lifeguard":
            guard let parts = Self.lifeguardParts(value) else {
                let known = Self.lifeguardNames.map(\.name).joined(separator: ", ")
                return "--lifeguard \(value): expected on, off, or some of \(known)"
            }
            request.parameters.lifeguard = parts
        default:
            preconditionFailure("expected every named option to be handled")
        }
        return nil
    }

    /// What checks are like, if there are any.
    private mutating func setWatching(_ flag: String, to value: String) -> String? {
        let number = Int(value)
        switch flag {
        case "--contacts":
            guard let number, (0...Self.contactsMax).contains(number) else {
                return "--contacts \(value): expected 0 to \(Self.contactsMax)"
            }
            request.contacts = number
        case "--interval":
            let range = VotingRule.intervalMin...VotingRule.intervalMax
            guard let seconds = Double(value), seconds > 0, seconds < 1e6 else {
                return "--interval \(value): expected seconds"
            }
            let interval = TimeSpan.milliseconds(Int64(seconds * 1_000 + 0.5))
            guard range.contains(interval) else {
                return "--interval \(value): expected \(range.lowerBound.inSeconds) to "
                    + "\(range.upperBound.inSeconds) seconds"
            }
            request.interval = interval
        case "--delay":
            guard let number, (0...VotingRule.delayMax).contains(number) else {
                return "--delay \(value): expected 0 to \(VotingRule.delayMax) further intervals"
            }
            request.delay = number
        case "--confirmations":
            guard let number, (1...VotingRule.confirmationsMax).contains(number) else {
                return "--confirmations \(value): expected 1 to \(VotingRule.confirmationsMax)"
            }
            request.confirmations = number
        default:
            preconditionFailure("expected every named option to be handled")
        }
        return nil
    }

    private static let lifeguardNames: [(name: String, part: MembershipParameters.LifeguardPart)] =
        [
            ("local-health", .localHealth), ("shrinking", .shrinkingSuspicion), ("buddy", .buddy),
            ("last-look", .lastLook),
        ]

    private static func lifeguardParts(_ text: String) -> Set<MembershipParameters.LifeguardPart>? {
        if text == "on" { return Set(lifeguardNames.map(\.part)) }
        if text == "off" { return [] }
        guard !text.isEmpty else { return nil }
        var parts: Set<MembershipParameters.LifeguardPart> = []
        for word in text.split(separator: ",") {
            guard let known = lifeguardNames.first(where: { $0.name == word }) else { return nil }
            parts.insert(known.part)
        }
        return parts
    }

    private static func range(_ text: String) -> ClosedRange<UInt64>? {
        let bytes = Array(text.utf8)
        let dot = UInt8(ascii: ".")
        guard let first = bytes.firstIndex(of: dot), first + 1 < bytes.count,
            bytes[first + 1] == dot,
            let lower = UInt64(String(decoding: bytes[..<first], as: UTF8.self)),
            let upper = UInt64(String(decoding: bytes[(first + 2)...], as: UTF8.self)),
            lower <= upper, upper - lower < seedsMax
        else { return nil }
        return lower...upper
    }

    static let help = """
        usage: checkmesh-sim [options]

        Runs a mesh on virtual time and prints one JSON line of figures. Exit 0 if no promise of
        the protocol was broken, 1 if one was, 2 if the options are wrong.

          --nodes N          nodes that start by themselves (5)
          --checks C         checks that every node is configured with (0)
          --interval S       seconds between an owner's looks at a check (10)
          --delay D          further intervals that a new state must last (1)
          --confirmations R  owners of a check (3); the quorum is their majority
          --contacts K       people to tell, checks go round (1)
          --zones Z          zones, nodes go round (3)
          --loss P           packets lost between nodes, as 25 per cent or, below 1, as a share (0)
          --minutes M        virtual minutes (10); a scenario that needs longer takes longer
          --seed S           which of the scenario's many ways (1); the same seed is the same run
          --seeds A..B       a run for each seed, a line for each, and a line that sums them up
          --scenario NAME    what goes wrong (\(ScenarioCatalog.standard)); --list tells
          --list             the scenarios
          --verbose          the first violations in words on standard error
          --story            every start, end and report, too
          --lifeguard PARTS  on, off, or some of local-health,shrinking,buddy,last-look (on)
          --suspicion K      suspicion lasts at least K x log10(n) s …
          --suspicion-max K  … and at most K times that
          --sabotage NAME    plants a fault that an invariant must catch
        """
}
