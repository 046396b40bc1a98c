import Glibc
import MeshSimulator

/// `checkmesh-sim`: reads options, runs worlds, prints figures.
@main
struct SimulatorCommand {
    static func main() {
        do throws(SimulatorOptions.UsageError) {
            switch try SimulatorOptions.parse(Array(CommandLine.arguments.dropFirst())) {
            case .help: print(SimulatorOptions.help)
            case .list: list()
            case .run(let options): exit(run(options) == 0 ? 0 : 1)
            }
        } catch {
            for problem in error.problems { complain("checkmesh-sim: \(problem)") }
            exit(2)
        }
    }

    private static func list() {
        let width = ScenarioCatalog.all.map(\.name.count).max() ?? 0
        for scenario in ScenarioCatalog.all {
            let padding = String(repeating: " ", count: width - scenario.name.count + 2)
            print(scenario.name + padding + scenario.story)
        }
    }

    /// Returns how many violations there were.
    private static func run(_ options: SimulatorOptions) -> Int {
        var summary = Summary()
        let start = ResourceUsage.now()
        for seed in options.seeds {
            var request = options.request
            request.seed = seed
            let before = ResourceUsage.now()
            let simulation = Simulation(options.scenario, request, sabotage: options.sabotage)
            if options.tellsStory {
                for line in simulation.world.foretold { complain(line) }
                while simulation.step() {
                    for line in simulation.world.story { complain(line) }
                }
            }
            let figures = simulation.run()
            let after = ResourceUsage.now()
            print(
                figures.line(
                    Figures.Cost(
                        cpu: after.cpuSeconds - before.cpuSeconds,
                        wall: after.wallSeconds - before.wallSeconds,
                        peakMemoryKiB: after.peakMemoryKiB)))
            fflush(nil)
            if options.isVerbose {
                for violation in simulation.log.first { complain(violation.text) }
            }
            summary.add(figures)
        }
        if options.isSweep {
            let end = ResourceUsage.now()
            print(
                summary.line(
                    scenario: options.scenario.name, request: options.request,
                    cpu: end.cpuSeconds - start.cpuSeconds,
                    wall: end.wallSeconds - start.wallSeconds))
        }
        return summary.violations
    }

    private static func complain(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        // Safe: the call reads what it is given while it lasts. If standard error is closed there
        // is nobody left to tell.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
