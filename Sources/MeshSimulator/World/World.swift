package import MeshCore
import MeshEngine
import MeshMembership

/// A virtual cluster: places with processes, the network between them, outsiders, and one queue of
/// what happens next. The same production code runs here as behind sockets.
///
/// `step` takes one event from the queue and lets the process that it concerns handle it; what
/// followed is in `happenings` until the next step. A world is a reference because watchers look
/// at it while it is being watched; nothing is shared between two worlds.
package final class World {
    package let setup: WorldSetup
    package internal(set) var now = Instant.zero
    package internal(set) var processes: [SimulatedProcess] = []
    package internal(set) var network: SimulatedNetwork
    package internal(set) var identities = IdentityTable()
    package internal(set) var views: ViewTable
    package internal(set) var ledger = StatementLedger()
    package internal(set) var calm = Calm()
    package internal(set) var traffic: TrafficMeter
    package internal(set) var counts = WorldCounts()
    /// Processes that run now, paused ones left out.
    package internal(set) var runningCount = 0
    package internal(set) var watch: WatchLedger
    /// The zone of each place, by number.
    package let zones: [Int]
    /// Places whose disk somebody will read again. What the others write is only counted: a large
    /// mesh writes more than fits.
    let needsDisk: [Bool]
    /// How the network was before it last changed, and until when.
    var formerReachabilities: [(until: Instant, reachability: Reachability)] = []
    /// When the network's truth last gave a process the majority.
    var majoritySeenAt: [Int: Instant] = [:]
    // Names counted once each: a round, and the round in which each name was last seen.
    var knownStamp: UInt32 = 0
    var knownStamps: [UInt32] = []
    /// What the last step led to, in order, of the kinds in `wanted`.
    package internal(set) var happenings: [Happening] = []
    package var wanted: Happening.Kinds = []

    var queue = DeadlineQueue<Event>()
    var packets = PacketPool()
    var connections: [UInt32: Connection] = [:]
    var connectionCount: UInt32 = 0
    var outsiders: [any Outsider]
    /// Pairs of a doubled datagram of which one has been handled, and by which life.
    var handledCopies: [UInt32: Int] = [:]
    var copyCount: UInt32 = 0
    var pendingSignatures: [UInt32: PendingSignature] = [:]
    var pendingSignatureCount: UInt32 = 0
    /// When the network last became whole, or long ago.
    package internal(set) var lastHealed = Instant(nanoseconds: .min / 2)
    var saboteur: Saboteur
    /// Snapshots of disks. Only looked up.
    var savedDisks: [Int: Disk] = [:]
    var generator: SeededGenerator
    var trace = StableHash()
    let cryptography: FakeCryptography
    let mesh: Label

    struct PendingSignature: Sendable {
        var process: Int
        var life: Int
        var signature: Signature
        var token: SigningToken
    }

    package init(_ setup: WorldSetup) {
        self.setup = setup
        var generator = SeededGenerator(seed: setup.seed)
        let zones = (0..<setup.placeCount).map { $0 % setup.zoneCount }
        self.zones = zones
        network = SimulatedNetwork(
            zoneOfProcess: zones, zoneCount: setup.zoneCount, conditions: setup.conditions,
            generator: generator.split())
        views = ViewTable(processCount: setup.placeCount)
        traffic = TrafficMeter(processCount: setup.placeCount)
        saboteur = Saboteur(setup.sabotage)
        cryptography = saboteur.cryptography
        outsiders = setup.outsiders
        mesh = Self.label("simulated")
        watch = WatchLedger(
            setup, mesh: MeshID(named: mesh, using: cryptography), cryptography: cryptography)
        needsDisk = Self.disksRead(setup)
        for number in 0..<setup.placeCount {
            let process = SimulatedProcess(
                number: number, name: setup.nameByPlace[number] ?? Self.label("node-\(number)"),
                zone: Self.label("zone-\(zones[number])"),
                address: AddressPlan.address(ofProcess: number))
            process.clockOffset = generator.span(from: .seconds(1), to: .hours(1_000))
            processes.append(process)
        }
        self.generator = generator
        scheduleBeginning()
    }

    private func scheduleBeginning() {
        for number in 0..<setup.startingCount {
            let delay = setup.startSpread * number / setup.startingCount
            queue.schedule(.fault(index: UInt32(plan.count)), at: now + delay)
            plan.append(.start(number))
        }
        for entry in setup.plan.entries {
            queue.schedule(.fault(index: UInt32(plan.count)), at: Instant.zero + entry.at)
            plan.append(entry.fault)
        }
        queue.schedule(.second, at: now + .seconds(1))
        for index in outsiders.indices {
            var outsider = outsiders[index]
            outsider.begin(as: index, in: self)
            outsiders[index] = outsider
        }
    }

    /// The faults that events name by number: the starts, then the setup's plan.
    private var plan: [Fault] = []

    private static func disksRead(_ setup: WorldSetup) -> [Bool] {
        var starts = (0..<setup.placeCount).map { $0 < setup.startingCount ? 1 : 0 }
        for entry in setup.plan.entries {
            switch entry.fault {
            case .start(let place): starts[place] += 1
            case .saveDisk(let place), .copyDisk(let place, _): starts[place] += 2
            default: break
            }
        }
        return starts.map { $0 > 1 }
    }

    /// Takes the next event that is due before the end of the run. False if the run is over.
    package func step() -> Bool {
        happenings.removeAll(keepingCapacity: true)
        guard
            let next = queue.popDue(at: Instant.zero + setup.duration)
        else { return false }
        now = next.deadline
        counts.events += 1
        perform(next.timer)
        return true
    }

    private func perform(_ event: Event) {
        trace.combine(UInt64(bitPattern: now.nanoseconds))
        switch event {
        case .wake(let process, let isDeferred):
            wake(Int(process), isDeferred: isDeferred)
        case .datagram(let slot):
            deliver(packets.remove(slot))
        case .stream(let connection, let step):
            trace.combine(UInt64(connection))
            advance(connection, step)
        case .signed(let slot):
            guard let pending = pendingSignatures.removeValue(forKey: slot) else { return }
            guard processes[pending.process].life == pending.life else { return }
            arrive(.signature(pending.signature, pending.token), at: pending.process)
        case .resolved(let process, let life, let seed):
            guard processes[Int(process)].life == Int(life) else { return }
            arrive(.resolved(seed: Int(seed)), at: Int(process))
        case .fault(let index):
            trace.combine(UInt64(index))
            apply(plan[Int(index)])
        case .outsider(let index, let token):
            var outsider = outsiders[Int(index)]
            outsider.wake(token: token, in: self)
            outsiders[Int(index)] = outsider
        case .looked(let slot):
            finishLook(slot)
        case .noticeArrives(let slot):
            acceptNotice(slot)
        case .deliveryAnswered(let slot):
            finishDelivery(slot)
        case .stored(let slot):
            confirmStore(slot)
        case .second:
            counts.seconds += 1
            saboteur.passSecond(in: self)
            queue.schedule(.second, at: now + .seconds(1))
        }
    }

    /// Equal for equal seeds, byte for byte of every run; it depends on every event's time and on
    /// every datagram's size.
    package var traceHash: UInt64 { trace.finalize() }

    func note(_ happening: @autoclosure () -> Happening, _ kind: Happening.Kinds) {
        if wanted.contains(kind) { happenings.append(happening()) }
    }

    /// Lets the outsiders see what the last step led to.
    package func showHappeningsToOutsiders() {
        for index in outsiders.indices {
            var outsider = outsiders[index]
            for happening in happenings { outsider.watch(happening, in: self) }
            outsiders[index] = outsider
        }
    }

    static func label(_ text: String) -> Label {
        guard let label = Label(text) else {
            preconditionFailure("expected a name of the simulator's own making to be valid")
        }
        return label
    }
}

/// What a run has come to so far, in numbers.
package struct WorldCounts: Sendable, Hashable {
    package internal(set) var events = 0
    package internal(set) var seconds = 0
    package internal(set) var datagramsLost = 0
    package internal(set) var datagramsDelivered = 0
    /// Arrived where nobody listened, or where the backlog was full.
    package internal(set) var datagramsUnheard = 0
    package internal(set) var datagramsInjected = 0
    package internal(set) var streamsOpened = 0
    package internal(set) var streamsBroken = 0
    package internal(set) var backlogMax = 0
    /// Deadlines that were still due after they were handled.
    package internal(set) var stuckDeadlines = 0
    /// Items that nodes had written down.
    package internal(set) var storedItems = 0
}
