import Glibc
import MeshCheckers
import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshResolver

/// `checkmesh-bench`: what a check costs, through the very runner that a node uses.
@main
struct BenchCommand {
    static func main() {
        do {
            guard let options = try BenchOptions.parse(Array(CommandLine.arguments.dropFirst()))
            else { return print(BenchOptions.help) }
            let bench = try CheckBench(options)
            try bench.run()
            print(bench.figures)
            exit(bench.failed == 0 ? 0 : 1)
        } catch let error as BenchOptions.UsageError {
            complain(error.problem)
            exit(2)
        } catch {
            complain("\(error)")
            exit(1)
        }
    }

    static func complain(_ text: String) {
        let line = Array("checkmesh-bench: \(text)\n".utf8)
        // Reads as many bytes as there are.
        _ = unsafe write(STDERR_FILENO, line, line.count)
    }
}

/// Keeps a number of looks under way until enough have come back.
final class CheckBench {
    private let options: BenchOptions
    private let loop: EventLoop
    private let runner: CheckRunner
    private var begun = 0
    private var ended = 0
    private(set) var failed = 0
    private var seconds = 0.0
    private var cpuSeconds = 0.0

    init(_ options: BenchOptions) throws(SystemError) {
        self.options = options
        loop = try EventLoop()
        let resolver = Resolver(on: loop)
        runner = CheckRunner(
            on: loop, client: try HTTPClient(on: loop, resolver: resolver), resolver: resolver)
    }

    func run() throws(SystemError) {
        let (start, cpu) = (SystemClock.now, Self.usage().cpuSeconds)
        for _ in 0..<min(options.concurrency, options.count) { begin() }
        try loop.run()
        seconds = (SystemClock.now - start).inSeconds
        cpuSeconds = Self.usage().cpuSeconds - cpu
    }

    private func begin() {
        begun += 1
        runner.look(options.kind) { [unowned self] result in self.came(result.observation) }
    }

    private func came(_ observation: Observation) {
        ended += 1
        if observation.outcome != .saw(.up, .none) {
            if failed == 0 { BenchCommand.complain("the first failure: \(observation.outcome)") }
            failed += 1
        }
        if begun < options.count { begin() }
        if ended == options.count { loop.stop() }
    }

    var figures: String {
        let rate = Self.rounded(Double(ended) / max(seconds, 1e-9), 1)
        let cost = Self.rounded(cpuSeconds / Double(ended) * 1_000, 4)
        return "{\"checks\":\(ended),\"failed\":\(failed),\"seconds\":\(Self.rounded(seconds, 3)),"
            + "\"checks_per_second\":\(rate),\"cpu_seconds_per_1000\":\(cost),"
            + "\"max_rss_kib\":\(Self.usage().peakMemoryKiB)}"
    }

    private static func rounded(_ value: Double, _ digits: Int) -> Double {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return (value * scale).rounded() / scale
    }

    private static func usage() -> (cpuSeconds: Double, peakMemoryKiB: Int) {
        var usage = rusage()
        // Fills the structure it is given and keeps nothing.
        _ = unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
        let seconds = { (time: timeval) in Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return (seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss)
    }
}
