import MeshCheckers
package import MeshConfiguration
import MeshCore
import MeshCrypto
import MeshEngine
import MeshHTTPClient
import MeshHistory
import MeshMembership
package import MeshPlatform
import MeshResolver
import MeshStatus

/// A running node: everything that it needs, opened in order, and joined.
///
/// Several may live on one loop, each with a data directory and addresses of its own.
package final class Daemon {
    /// Reads the configuration, at the start and whenever it is to be read again.
    package typealias Load = () throws(ConfigurationFault) -> LoadedConfiguration

    /// Why it has ended by itself, or when it was told to.
    package enum Ending: Sendable, Hashable {
        /// It said goodbye and wrote down what it knew.
        case left
        /// Another process runs with a copy of its data directory.
        case clone
    }

    /// SIGTERM to the end: after this it ends whatever is still to be said or written.
    private static let leaveTimeMax = TimeSpan.milliseconds(4_500)

    package let log: Log
    /// Called once, on the loop.
    package var onEnd: (Ending) -> Void = { _ in }

    let loop: EventLoop
    let shell: NodeShell
    let looks: LookDesk
    let telling: TellingDesk
    let chronicle: Chronicle
    let store: StateStore
    let streams: StreamDesk
    let datagrams: UDPSocket
    let startedAt = SystemClock.wallTime
    private(set) var configuration: Configuration
    private let storing: StoringDesk
    private var status: ShellStatus?
    private var endpoint: StatusEndpoint?
    private let load: Load
    private let place: Place
    private var clock = ClockWatch(ClockWatch.read())
    private var isEnding = false

    /// What is the process's alone, for as long as it runs.
    private struct Place: ~Copyable {
        let lock: DirectoryLock
    }

    /// Opens everything, binds the sockets and starts the node. Nothing is left open if it throws.
    package init(on loop: EventLoop, log: Log, load: @escaping Load) throws {
        let loaded = try load()
        Self.tell(
            loaded.warnings + loaded.configuration.advice, unlisted: loaded.warningsUnlisted,
            in: log)
        let configuration = loaded.configuration
        let directory = configuration.node.data
        place = Place(lock: try DirectoryLock(directory))
        let keyFile = try NodeKeyFile.readOrMake(
            directory + "/node.key", now: SystemClock.wallTime
        ) { Ed25519SigningKey.generate().seed }
        let key = Ed25519SigningKey(seed: keyFile.seed)
        let store = try StateStore.open(.init(directory: directory), on: loop)
        let generation = try Self.nextGeneration(in: store, on: loop, log)

        let unwinding = Unwinding()
        let relay = Relay()
        let datagrams = try Self.openDatagrams(on: loop, at: configuration.node.bind, relay)
        unwinding.add(datagrams.close)
        let cryptography = OpenSSLCryptography()
        let node = Node(
            Self.nodeConfiguration(
                configuration, key: key.publicKey, born: keyFile.born, generation: generation,
                port: datagrams.address.port, store.restored, clock: clock.clock),
            cryptography: cryptography,
            generator: SeededGenerator(seed: UInt64.random(in: .min ... .max)))
        let shell = NodeShell(node, signingWith: key, on: loop)
        relay.shell = shell
        let context = TLSContext(
            mesh: configuration.mesh.name, secrets: configuration.mesh.secretBytes)
        let streams = StreamDesk(shell, context, log)
        unwinding.add(streams.closeAll)
        var streamAddress = configuration.node.bind
        streamAddress.port = datagrams.address.port
        try streams.listen(at: streamAddress)

        let resolver = Resolver(on: loop)
        let client = try HTTPClient(on: loop, resolver: resolver)
        let runner = CheckRunner(on: loop, client: client, resolver: resolver)
        let looks = LookDesk(shell, runner, store)
        let meshCheck = Node.meshCheck(of: configuration.mesh.id, using: cryptography)
        let telling = TellingDesk(shell, looks: looks, client, meshCheck: meshCheck)
        let chronicle = Chronicle(
            shell, looks: looks, store, log, mesh: configuration.mesh.id, meshCheck: meshCheck,
            cryptography: cryptography)
        let seeds = SeedDesk(
            shell, peers: configuration.mesh.peers,
            try AddressLookup(answeringBy: LoopInbox(on: loop)))
        self.loop = loop
        self.log = log
        self.load = load
        self.configuration = configuration
        self.store = store
        self.datagrams = datagrams
        self.shell = shell
        self.streams = streams
        self.looks = looks
        self.telling = telling
        self.chronicle = chronicle
        storing = StoringDesk(shell, store, log)
        shell.desks = .init(
            datagrams: datagrams, streams: streams, seeds: seeds, looks: looks, telling: telling,
            storing: storing, chronicle: chronicle,
            stop: { [unowned self] reason in self.nodeStopped(reason) })
        let status = ShellStatus(self, meshCheck: meshCheck)
        self.status = status
        endpoint = try StatusEndpoint(
            on: loop, at: configuration.node.http, source: status,
            options: .init(configuration.http), cryptography: cryptography)
        unwinding.disarm()
        start()
    }

    /// Lets the socket's handler reach a shell that is made after it.
    private final class Relay {
        weak var shell: NodeShell?
    }

    /// Closes what was opened when the rest could not be: sockets stay on their loop otherwise.
    private final class Unwinding {
        private var steps: [() -> Void] = []

        func add(_ step: @escaping () -> Void) { steps.append(step) }
        func disarm() { steps = [] }
        deinit { for step in steps.reversed() { step() } }
    }

    private func start() {
        looks.set(configuration.checks)
        telling.set(configuration)
        status?.refresh()
        shell.beforeAlarm = { [unowned self] in watchClock() }
        trimHeapLater()
        keepHeapSmall()
        shell.tell { node, now in node.start(now: now) }
        loop.schedule(at: loop.now + SeedDesk.quietWait) { [weak self] in self?.tellIfUnsettled() }
        let node = configuration.node
        log.info(
            "ready",
            [
                ("name", node.name.text), ("zone", node.zone.text), ("id", "\(shell.node.id)"),
                ("mesh", configuration.mesh.name.text), ("bind", "\(datagrams.address)"),
                ("advertise", "\(shell.node.member(shell.node.id)?.address ?? node.bind)"),
                ("http", endpoint.map { "\($0.address)" } ?? ""),
                ("checks", "\(configuration.checks.count)"), ("data", node.data),
            ])
    }

    /// Once: a node that waits for others looks as one that works, and tells nobody of anything.
    private func tellIfUnsettled() {
        guard !isEnding, !shell.node.isSettled else { return }
        let own = shell.node.member(shell.node.id)?.address ?? datagrams.address
        log.warning(
            "this node has not found the others yet: it looks, and neither votes nor tells",
            shell.desks?.seeds.trouble(at: own) ?? [])
    }

    // MARK: Opening

    /// Writes down the generation of this start before anything is sent under it. If the disk takes
    /// nothing the node starts all the same: two starts of one generation are told apart by their
    /// boot ids, and no key is used twice.
    private static func nextGeneration(
        in store: StateStore, on loop: EventLoop, _ log: Log
    ) throws(SystemError) -> UInt32 {
        let generation = store.restored.generation + 1
        var outcome: StoreOutcome?
        store.storeGeneration(generation) { outcome = $0 }
        // The store answers within its patience, whatever the disk does.
        while outcome == nil { try loop.turn(waitMax: .milliseconds(100)) }
        if case .notDurable(let fault) = outcome {
            log.error("cannot write down this start", ("error", fault.description))
        }
        return generation
    }

    /// Port 0 is one that is free for datagrams; streams want the same number.
    private static func openDatagrams(
        on loop: EventLoop, at bind: SocketAddress, _ relay: Relay
    ) throws(SystemError) -> UDPSocket {
        var tries = bind.port == 0 ? portTriesMax : 1
        while true {
            let datagrams = try UDPSocket(on: loop, at: bind) { bytes, sender in
                relay.shell?.tell { node, now in
                    node.handle(datagram: bytes, from: sender, now: now)
                }
            }
            tries -= 1
            guard tries > 0 else { return datagrams }
            do throws(SystemError) {
                var address = bind
                address.port = datagrams.address.port
                try TCPListener(on: loop, at: address) { _ in }.close()
                return datagrams
            } catch { datagrams.close() }
        }
    }

    private static let portTriesMax = 16

    private static func nodeConfiguration(
        _ configuration: Configuration, key: PublicKey, born: UInt64, generation: UInt32,
        port: UInt16, _ restored: RestoredState, clock: WallClock
    ) -> NodeConfiguration {
        var address = configuration.node.advertised.address
        if address.port == 0 { address.port = port }
        var roster: Set<PublicKey>?
        if case .roster(let keys) = configuration.mesh.trust { roster = keys }
        let local = LocalNode(
            mesh: configuration.mesh.name, key: key, name: configuration.node.name,
            zone: configuration.node.zone, address: address, generation: generation,
            bootID: BootID(UInt64.random(in: .min ... .max)), born: UInt32(clamping: born),
            seedCount: configuration.mesh.peers.count, roster: roster)
        return NodeConfiguration(
            local: local, secrets: configuration.mesh.secretBytes, restored: restored.members,
            stored: restored.items, plan: configuration.plan, wallClock: clock)
    }

    /// Whenever the node is woken, which it wants to be once a second, rather than by a timer that
    /// wakes the process once more.
    private func watchClock() {
        guard let anew = clock.compare(SystemClock.wallTime, at: SystemClock.now) else { return }
        log.warning("the wall clock was set")
        shell.tell { node, now in node.handle(anew, now: now) }
    }

    /// When the checks of a configuration have been looked at first: with 10,000 of them more was in
    /// use until then than ever after.
    private static let heapSettled = TimeSpan.seconds(30)
    private static let heapPeriod = TimeSpan.minutes(1)

    private func trimHeapLater() {
        loop.schedule(at: loop.now + Self.heapSettled) { Heap.trim() }
    }

    /// After a bad minute, too: a thousand looks that wait for silent targets.
    private func keepHeapSmall() {
        loop.schedule(at: loop.now + Self.heapPeriod) { [weak self] in
            Heap.trim()
            self?.keepHeapSmall()
        }
    }

    // MARK: While it runs

    /// Reads the configuration again: whole, or not at all.
    package func reload() {
        let loaded: LoadedConfiguration
        do throws(ConfigurationFault) {
            loaded = try load()
        } catch {
            log.error("the configuration was refused; the one before goes on")
            for problem in error.problems.prefix(Self.problemsLogged) {
                log.error("configuration", ("problem", problem.description))
            }
            return
        }
        // Checks and contacts are known by ids that the mesh's name is part of: taken over under
        // another name they would be other ones, and what was told would be told again.
        guard loaded.configuration.mesh.name == configuration.mesh.name else {
            log.error(
                "the configuration was refused; the one before goes on",
                ("problem", "mesh.name: a node changes its mesh only by a restart"))
            return
        }
        Self.tell(
            loaded.warnings + loaded.configuration.advice, unlisted: loaded.warningsUnlisted,
            in: log)
        for path in configuration.settingsNeedingRestart(for: loaded.configuration) {
            log.warning("a change waits for a restart", ("setting", path))
        }
        // What waits for a restart stays as it is: the names of node and mesh among it.
        var next = loaded.configuration
        next.node = configuration.node
        next.mesh = configuration.mesh
        configuration = next
        looks.set(next.checks)
        telling.set(next)
        status?.refresh()
        endpoint?.tokens = next.http.tokens
        trimHeapLater()
        shell.tell { node, now in node.handle(next.plan, now: now) }
        log.info("configuration read", ("checks", "\(next.checks.count)"))
    }

    private static let problemsLogged = 50

    private static func tell(_ warnings: [Finding], unlisted: Int, in log: Log) {
        for warning in warnings.prefix(problemsLogged) {
            log.warning("configuration", ("warning", warning.description))
        }
        let more = unlisted + max(0, warnings.count - problemsLogged)
        if more > 0 { log.warning("configuration", ("more_warnings", "\(more)")) }
    }

    // MARK: The end

    /// Leaves the mesh, writes down what waits, and ends within five seconds.
    package func leave() {
        guard !isEnding else { return }
        isEnding = true
        log.info("leaving")
        loop.schedule(at: loop.now + Self.leaveTimeMax) { [weak self] in self?.end(.left) }
        shell.tell { node, now in node.leave(now: now) }
    }

    private func nodeStopped(_ reason: StopReason) {
        isEnding = true
        switch reason {
        case .left: finish(.left)
        case .clone(let address):
            log.error(
                "a living copy of this node was found: this one stops",
                ("other", address.description), ("data", configuration.node.data))
            finish(.clone)
        }
    }

    /// Lets nothing in any more, then ends once everything is written.
    private func finish(_ ending: Ending) {
        storing.storeMembers()
        store.end { [weak self] in self?.end(ending) }
    }

    private func end(_ ending: Ending) {
        shell.stop()
        endpoint?.stop()
        streams.closeAll()
        datagrams.close()
        let told = onEnd
        onEnd = { _ in }
        told(ending)
    }
}

extension StatusEndpoint.Options {
    fileprivate init(_ settings: EndpointSettings) {
        self.init()
        tokens = settings.tokens
    }
}
