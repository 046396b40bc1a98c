import Glibc
import MeshChecks
import MeshConfiguration
import MeshCore
import MeshEngine
import MeshMembership
import MeshPlatform
import MeshTestSupport
import MeshVerdicts
import Testing

@testable import MeshDaemon

/// A mesh of nodes in this process, all on one loop, each at an address of 127.0.0.0/8 and with a
/// data directory of its own. What they watch and whom they tell is on the loop, too.
final class Lab {
    let loop: EventLoop
    let target: Target
    let hooks: Hooks
    private(set) var nodes: [LabNode] = []

    init() throws {
        loop = try EventLoop()
        target = try Target(on: loop)
        hooks = try Hooks(on: loop)
    }

    /// With checks of these names, of the lab's own target.
    func text(_ checks: [String] = []) -> MeshText {
        MeshText(checks: checks, target: target.url, hook: hooks.url)
    }

    /// Starts a node that is told of the addresses `reserved`, or of those that run already.
    @discardableResult
    func start(
        _ name: String, _ text: MeshText, in folder: TemporaryDirectory? = nil,
        _ edit: (inout NodeFlags) -> Void = { _ in }
    ) throws -> LabNode {
        var flags = NodeFlags()
        flags.name = name
        flags.zone = "z\(nodes.count % 3 + 1)"
        flags.bind = "127.0.0.1:0"
        flags.http = "127.0.0.1:0"
        flags.peers = nodes.prefix(3).compactMap { $0.daemon?.address.description }
        edit(&flags)
        let node = try LabNode(text, flags, in: folder)
        nodes.append(node)
        do { try node.start(on: loop) } catch {
            nodes.removeLast()
            throw error
        }
        return node
    }

    /// Starts nodes that all know where the others will be. (One that knows of nobody is a mesh
    /// of its own, and right in all that it decides before others come.)
    func start(_ count: Int, _ text: MeshText) throws {
        let addresses = try Self.reserve(count, on: loop).map(\.description)
        for number in 1...count {
            try start("n\(number)", text) { flags in
                flags.bind = addresses[number - 1]
                flags.peers = addresses
            }
        }
    }

    /// Addresses that were free a moment ago, of hosts that nobody else in 127.0.0.0/8 has.
    static func reserve(_ count: Int, on loop: EventLoop) throws -> [SocketAddress] {
        let net = 0x7F00_0000 | UInt32.random(in: 1...0xFFFE) << 8
        return try (1...count).map { number in
            let host = SocketAddress(ipv4: net | UInt32(number), port: 0)
            return try LoopbackServer(on: loop, host: host, nil).address
        }
    }

    func run(
        _ what: Comment, within span: TimeSpan = .seconds(20),
        sourceLocation: SourceLocation = #_sourceLocation, until isDone: () -> Bool
    ) throws {
        let isReached = try loop.turn(within: span, until: isDone)
        if !isReached { for node in nodes { print(node.name, node.output) } }
        try #require(isReached, what, sourceLocation: sourceLocation)
    }

    /// All see all others alive, and have settled.
    var isWhole: Bool {
        nodes.allSatisfy { $0.aliveCount == nodes.count && $0.isSettled }
    }

    /// All show `check` as certified in this state.
    func isCertified(_ check: String, _ state: TargetState) -> Bool {
        nodes.allSatisfy { $0.state(of: check) == state }
    }

    /// All say goodbye and are gone.
    func leave() throws {
        for node in nodes { node.daemon?.leave() }
        try run("everybody to leave") { nodes.allSatisfy { $0.daemon == nil } }
    }
}

/// One node of a lab.
final class LabNode {
    /// What a reload reads.
    var text: MeshText
    let name: String
    let folder: TemporaryDirectory
    private(set) var daemon: Daemon?
    private(set) var ending: Daemon.Ending?
    private var flags: NodeFlags
    private let logFile: FileDescriptor

    init(_ text: MeshText, _ flags: NodeFlags, in folder: TemporaryDirectory?) throws {
        self.text = text
        self.flags = flags
        name = flags.name ?? ""
        self.folder = try folder ?? TemporaryDirectory()
        self.flags.data = flags.data ?? self.folder.path
        // Reads a text of its own.
        let number = unsafe open(
            self.folder.path + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        logFile = FileDescriptor(owning: number)
    }

    func start(on loop: EventLoop) throws {
        ending = nil
        let log = Log(descriptor: logFile.number)
        let daemon = try Daemon(on: loop, log: log) {
            [unowned self] () throws(ConfigurationFault) in
            try text.load(flags)
        }
        // Gone with the turn: the daemon that calls this is still at work.
        daemon.onEnd = { [unowned self] ending in
            self.ending = ending
            loop.schedule(at: loop.now) { [weak self] in self?.daemon = nil }
        }
        self.daemon = daemon
    }

    /// What it has logged.
    var output: String {
        guard let file = try? AtomicFile.read(folder.path + "/log", byteCountMax: 1 << 20) else {
            return ""
        }
        return String(decoding: file.bytes, as: UTF8.self)
    }

    var core: Node? { daemon?.shell.node }
    var members: [MemberView] { core?.members ?? [] }
    var aliveCount: Int { members.count { $0.state == .alive } }
    var isSettled: Bool { core?.isSettled == true }

    func state(of name: String) -> TargetState? {
        let settings = daemon?.configuration.checks.first { $0.definition.name.text == name }
        return settings.flatMap { core?.flip(of: $0.definition.id)?.state }
    }

    func member(_ name: String) -> MemberView? { members.first { $0.name.text == name } }
}

extension Daemon {
    var address: SocketAddress { datagrams.address }
}
