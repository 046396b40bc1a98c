import MeshCore
import MeshEngine
import MeshMembership

/// Starting, ending, pausing and waking processes.
extension World {
    package func isRunning(_ process: Int) -> Bool { processes[process].state == .running }

    /// Begins the next life of a place: reads the disk, writes down the next generation, starts a
    /// node. Nothing if a process is there already.
    func start(_ number: Int) {
        guard !processes[number].isUp else { return }
        calm.disturb(at: now)
        var disk = processes[number].disk
        let keySeed = disk.keySeed ?? generator.next()
        if disk.keySeed == nil {
            let wall =
                Self.epochMilliseconds + now.nanoseconds / 1_000_000
                + processes[number].wallClockOffsetMilliseconds
            disk.keySeed = keySeed
            disk.born = UInt32(clamping: wall / 1_000)
        }
        let generation = disk.generation + 1
        if !saboteur.diskLies { disk.generation = generation }
        let keys = FakeKeyPair(seed: keySeed)
        let bootID = BootID(generator.next())
        let parameters = Saboteur.sabotaged(
            setup.parametersByPlace[number] ?? setup.parameters, by: saboteur.plant)
        let seedCount = min(
            setup.seedCount, setup.namesAbsentSeeds ? setup.placeCount : setup.startingCount)
        let local = LocalNode(
            mesh: mesh, key: keys.publicKey, name: processes[number].name,
            zone: processes[number].zone, address: processes[number].address,
            generation: generation, bootID: bootID, born: disk.born, seedCount: seedCount)
        var configuration = NodeConfiguration(
            local: local, secrets: [setup.meshSecret], parameters: parameters,
            restored: disk.entries, stored: disk.storedItems,
            plan: watch.checks.plan(watch.skews[number]), wallClock: wallClock(of: number))
        configuration.meshParameters = setup.watch.meshParameters
        var node = Node(
            configuration, cryptography: cryptography, generator: generator.split())
        processes[number].life += 1
        processes[number].disk = disk
        processes[number].keys = keys
        processes[number].bootID = bootID
        processes[number].startGeneration = generation
        processes[number].startedAt = now
        processes[number].resumedAt = now
        processes[number].isLeaving = false
        processes[number].isWallClockNews = false
        processes[number].isPlanNews = false
        watch.truth.clear(number)
        watch.troubles.strike(.process(number), at: now)
        processes[number].identity = identities.number(
            of: keys.publicKey, name: processes[number].name, using: cryptography)
        processes[number].state = .running
        runningCount += 1
        processes[number].wakeAt = nil
        processes[number].connections = [:]
        views.clear(number)
        node.start(now: processes[number].local(now))
        processes[number].node = node
        note(.started(process: number), .lives)
        drain(number)
    }

    /// Ends a process at once, as `kill -9` or a power cut does.
    func end(_ number: Int, _ ending: Happening.Ending, hostAnswers: Bool) {
        guard processes[number].isUp else { return }
        switch processes[number].state {
        case .paused: calm.impair(at: now, paused: -1)
        case .running: runningCount -= 1
        case .absent, .down: break
        }
        calm.disturb(at: now)
        processes[number].disk.entries = processes[number].node?.entriesForDisk ?? []
        processes[number].state = .down(hostAnswers: hostAnswers)
        processes[number].stoppedAt = now
        watch.truth.clear(number)
        watch.troubles.end(.process(number), at: now)
        watch.troubles.strike(.process(number), at: now)
        processes[number].wakeAt = nil
        processes[number].backlog = []
        processes[number].backlogDatagramCount = 0
        abandonConnections(of: number, hostAnswers: hostAnswers)
        note(.ended(process: number, ending), .lives)
    }

    func pause(_ number: Int) {
        guard processes[number].state == .running else { return }
        processes[number].state = .paused
        runningCount -= 1
        processes[number].stoppedAt = now
        watch.troubles.begin(.process(number), at: now)
        calm.impair(at: now, paused: 1)
        note(.paused(process: number), .lives)
    }

    /// What arrived meanwhile comes first, as a node's loop reads its sockets before its timers;
    /// by chance the harsher order, in which the timers were already being handled.
    func resume(_ number: Int) {
        guard processes[number].state == .paused else { return }
        processes[number].state = .running
        runningCount += 1
        processes[number].resumedAt = now
        watch.troubles.end(.process(number), at: now)
        // Its alarm may have rung while nobody was there to hear it.
        processes[number].wakeAt = nil
        calm.impair(at: now, paused: -1)
        note(.resumed(process: number), .lives)
        if processes[number].isWallClockNews { tellWallClock(to: number) }
        if processes[number].isPlanNews { tellPlan(to: number) }
        let isDeadlineFirst = generator.chance(perMillion: 500_000)
        if isDeadlineFirst { handleDeadlineIfDue(number) }
        let backlog = processes[number].backlog
        processes[number].backlog = []
        processes[number].backlogDatagramCount = 0
        for arrival in backlog where processes[number].state == .running {
            handle(arrival, at: number)
        }
        handleDeadlineIfDue(number)
        rearm(number)
    }

    func wake(_ number: Int, isDeferred: Bool) {
        guard processes[number].wakeAt == now, processes[number].state == .running else { return }
        if !isDeferred, queue.nextDeadline == now {
            // The loop's contract: what has arrived is read before the timers are looked at.
            queue.schedule(.wake(process: UInt32(number), isDeferred: true), at: now)
            return
        }
        processes[number].wakeAt = nil
        trace.combine(UInt64(number))
        handleDeadlineIfDue(number)
        rearm(number)
    }

    private func handleDeadlineIfDue(_ number: Int) {
        let local = processes[number].local(now)
        guard processes[number].state == .running,
            let deadline = processes[number].node?.nextDeadline, deadline <= local
        else { return }
        if !saboteur.ignoresDeadlines { processes[number].node?.handleDeadline(now: local) }
        let next = processes[number].node?.nextDeadline
        if let next, next <= local { counts.stuckDeadlines += 1 }
        drain(number)
        note(
            .deadlineHandled(
                process: number, next: next.map { $0 - processes[number].clockOffset }),
            .deadlines)
    }

    /// Sees to it that the process is woken when its node wants to be.
    func rearm(_ number: Int) {
        guard processes[number].state == .running,
            let deadline = processes[number].node?.nextDeadline
        else { return }
        // A node that wants what has passed is called again a moment later, not at once: a fault
        // of ours must show as a violation, not as a run that never ends.
        let due = max(deadline - processes[number].clockOffset, now + Self.shortestSleep)
        if let wakeAt = processes[number].wakeAt, wakeAt <= due { return }
        processes[number].wakeAt = due
        queue.schedule(.wake(process: UInt32(number), isDeferred: false), at: due)
    }

    private static let shortestSleep = TimeSpan.microseconds(1)
    /// 2026-01-01, the day on which every world begins.
    static let epochMilliseconds: Int64 = 1_767_225_600_000
}
