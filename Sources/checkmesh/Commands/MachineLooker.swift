import MeshCheckers
import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshResolver

/// Looks at many targets once.
protocol Looker {
    /// Calls `each` once for every kind, with its place among them; never more than `atOnce` are
    /// under way.
    func look(
        at kinds: [CheckKind], atOnce: Int, _ each: @escaping (Int, LookResult) -> Void
    ) throws(SystemError)
}

/// Looks as a node does, with a loop of its own.
struct MachineLooker: Looker {
    func look(
        at kinds: [CheckKind], atOnce: Int, _ each: @escaping (Int, LookResult) -> Void
    ) throws(SystemError) {
        guard !kinds.isEmpty else { return }
        // As many sockets as looks, and what a library opens beside them.
        _ = try? DescriptorLimit.raise()
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
        // One a turn, and none before the loop runs: a look's time begins with its turn, and what is
        // done in that before it, or before there was one, would count as the target's.
        let isRunningPrograms = kinds.contains { $0.type == "exec" }
        let most = isRunningPrograms ? min(atOnce, CheckRunner.programsMax) : atOnce
        var waiting = min(most, kinds.count)
        func beginNext() {
            // Those that have ended have begun others.
            guard waiting > 0, begun < kinds.count else { return }
            begin()
            waiting -= 1
            loop.schedule(at: loop.now + TimeSpan(nanoseconds: 1)) { beginNext() }
        }
        loop.schedule(at: loop.now) { beginNext() }
        try loop.run()
    }
}
