import Glibc
import MeshConfiguration
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshTestSupport
import Testing

/// A mesh of real processes; what they watch and whom they tell is the test's.
final class ProcessLab {
    let loop: EventLoop
    let target: Target
    let hooks: Hooks
    let folder: TemporaryDirectory
    private(set) var nodes: [NodeProcess] = []
    var configPath: String { folder.path + "/mesh.json" }

    init() throws {
        loop = try EventLoop()
        target = try Target(on: loop)
        hooks = try Hooks(on: loop)
        folder = try TemporaryDirectory()
    }

    /// The one file of all nodes.
    func write(_ checks: [String] = [], tail: String = "") throws {
        let text = MeshText(checks: checks, target: target.url, hook: hooks.url, tail: tail).text
        try AtomicFile.write(Array(text.utf8), to: configPath)
    }

    /// Nodes that are not started yet, all with the addresses of all.
    func prepare(_ count: Int) throws {
        let addresses = try Lab.reserve(count, on: loop)
        for number in 1...count {
            nodes.append(
                try NodeProcess(
                    "n\(number)", zone: "z\(number % 3 + 1)", at: addresses[number - 1],
                    peers: addresses, in: self))
        }
    }

    func start(_ count: Int) throws {
        try prepare(count)
        for node in nodes { try node.start() }
        try run("all to be ready") { nodes.allSatisfy(\.isReady) }
    }

    func run(
        _ what: Comment, within span: TimeSpan = .seconds(30),
        sourceLocation: SourceLocation = #_sourceLocation, until isDone: () throws -> Bool
    ) throws {
        let end = SystemClock.now + span
        while try !isDone() {
            if SystemClock.now > end { for node in nodes { print(node.name, node.output) } }
            try #require(SystemClock.now < end, what, sourceLocation: sourceLocation)
            // Serves the target and the webhooks in between: a question to a node is a request.
            try loop.turn(waitMax: .milliseconds(50))
        }
    }

    /// What all show of a check: its state and epoch, as "down 2".
    func all(show words: String, of check: String) -> Bool {
        nodes.allSatisfy { !$0.isRunning || $0.standing(of: check) == words }
    }

    /// All are told to end, and end well.
    func leave() throws {
        let began = SystemClock.now
        let running = nodes.filter(\.isRunning)
        for node in running { node.process?.send(SIGTERM) }
        try run("all to end") { running.allSatisfy { !$0.isRunning } }
        #expect(running.allSatisfy { $0.process?.end() == .exit(0) })
        #expect(SystemClock.now - began < .seconds(6))
    }
}

/// One `checkmesh run`, which may be started again.
final class NodeProcess {
    var name: String
    let address: SocketAddress
    var folder: TemporaryDirectory
    private(set) var process: ChildProcess?
    private let zone: String
    private let peers: [SocketAddress]
    private let http: SocketAddress
    private unowned let lab: ProcessLab
    private var starts = 0

    init(
        _ name: String, zone: String, at address: SocketAddress, peers: [SocketAddress],
        in lab: ProcessLab
    ) throws {
        self.name = name
        self.zone = zone
        self.address = address
        self.peers = peers
        self.lab = lab
        http = try LoopbackServer(on: lab.loop, host: address.with(port: 0), nil).address
        folder = try TemporaryDirectory()
    }

    func arguments(data: String? = nil) -> [String] {
        [
            "--config", lab.configPath, "run", "--name", name, "--zone", zone, "--bind",
            address.description, "--http", http.description, "--data", data ?? folder.path,
        ] + peers.flatMap { ["--peer", $0.description] }
    }

    /// Its output of each start is a file of its own. `launcher` starts it in its stead.
    func start(through launcher: [String] = []) throws {
        starts += 1
        let command = launcher + [ChildProcess.sibling("checkmesh")] + arguments()
        process = try ChildProcess(
            command[0], Array(command.dropFirst()),
            output: "\(lab.folder.path)/\(name)-\(starts)-\(address.port).log")
    }

    var output: String { process?.output ?? "" }
    var isRunning: Bool { process.map { $0.end() == nil } ?? false }

    func ask(_ path: String) -> JSONNode? {
        guard let answer = get(path), answer.status == 200 else { return nil }
        return try? JSONParser.parse(answer.body).root
    }

    /// 200, whatever it says.
    func answers(_ path: String) -> Bool { get(path)?.status == 200 }

    /// It does not need this test's loop to answer.
    private func get(_ path: String) -> HTTPResponse? {
        guard isRunning else { return nil }
        return try? BlockingHTTP.get(
            url: "http://\(http)\(path)", headers: [], timeout: .seconds(5))
    }

    var isReady: Bool { answers("/readyz") }

    func standing(of check: String) -> String? {
        guard let view = ask("/api/v1/checks/" + check), let state = view["state"]?.text,
            let epoch = view["epoch"]?.integer
        else { return nil }
        return "\(state) \(epoch)"
    }

    func state(of member: String) -> String? {
        ask("/api/v1/members")?["members"]?.elements
            .first { $0["name"]?.text == member }?["state"]?.text
    }

    var aliveCount: Int { ask("/api/v1/status")?["mesh"]?["alive"]?.integer ?? 0 }
}
