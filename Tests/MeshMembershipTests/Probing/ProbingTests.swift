import MeshCore
import Testing

@testable import MeshMembership

@Suite struct ProbingTests {
    let me = Character(1)
    let others = (2...6).map { Character($0) }

    private func pings(_ stage: Stage) -> [SocketAddress] {
        stage.sent.compactMap { packet in
            if case .ping = packet.message { packet.to } else { nil }
        }
    }

    @Test func `every member is probed once per lap`() throws {
        var stage = try Stage(me, knowing: others)
        var asked: [SocketAddress] = []
        while asked.count < others.count, stage.now < Instant(nanoseconds: 20_000_000_000) {
            stage.wait(.milliseconds(20))
            guard let target = pings(stage).last else { continue }
            asked.append(target)
            let subject = try #require(others.first { $0.address == target })
            try answerAll(&stage, by: subject)
            stage.sent = []
        }
        #expect(Set(asked) == Set(others.map(\.address)))
    }

    private func answerAll(_ stage: inout Stage, by other: Character) throws {
        for sequence in stage.node.probes.keys.sorted() {
            try stage.hear(
                [], .ack(sequence: sequence, digest: stage.node.rootDigest, truth: 0), from: other)
        }
    }

    @Test func `a ping that is not answered is tried through others and over TCP`() throws {
        var stage = try Stage(me, knowing: others)
        stage.wait(.milliseconds(1_600))
        let requests = stage.sent.filter { packet in
            if case .pingRequest = packet.message { true } else { false }
        }
        #expect(requests.count == 3)
        #expect(Set(requests.map(\.to)).count == 3)
        #expect(stage.opened.count == 1)
    }

    @Test func `a relay answers for the target, or says that it could not`() throws {
        var stage = try Stage(me, knowing: others)
        let asker = others[0]
        let target = others[1]
        try stage.hear([], .pingRequest(sequence: 77, target: target.id), from: asker)
        let ping = try #require(stage.sent.last)
        #expect(ping.to == target.address)
        guard case .ping(let sequence, _, _, _) = ping.message else {
            Issue.record("expected a ping to the target")
            return
        }
        try stage.hear([], .ack(sequence: sequence, digest: 0, truth: 0), from: others[2])
        #expect(!stage.sent.contains { $0.message == .ack(sequence: 77, digest: 0, truth: 0) })
        try stage.hear([], .ack(sequence: sequence, digest: 0, truth: 0), from: target)
        let answer = try #require(stage.sent.last)
        #expect(answer.to == asker.address)
        #expect(answer.message == .ack(sequence: 77, digest: stage.node.rootDigest, truth: 0))

        stage.sent = []
        try stage.hear([], .pingRequest(sequence: 78, target: target.id), from: asker)
        stage.wait(.milliseconds(150))
        #expect(stage.sent.contains { $0.to == asker.address && $0.message == .nack(sequence: 78) })
        guard case .ping(let late, _, _, _) = stage.sent[0].message else {
            Issue.record("expected a ping to the target")
            return
        }
        try stage.hear([], .ack(sequence: late, digest: 0, truth: 0), from: target)
        #expect(
            stage.sent.last?.message == .ack(sequence: 78, digest: stage.node.rootDigest, truth: 0),
            "a late answer is still passed on")
    }

    @Test func `a relay does not ping strangers`() throws {
        var stage = try Stage(me, knowing: others)
        try stage.hear(
            [], .pingRequest(sequence: 5, target: Character(99).id), from: others[0])
        #expect(stage.sent.map(\.message) == [.nack(sequence: 5)])
    }

    @Test func `an answer is never larger than its question`() throws {
        var stage = try Stage(me, knowing: others)
        for number in 0..<20 {
            stage.node.broadcast(
                Update(kind: 2, body: [UInt8](repeating: 1, count: 30)),
                about: .init(subject: Bytes16(high: 1, low: UInt64(number))), now: stage.now)
        }
        try stage.hear(
            [], .ping(sequence: 9, target: NodePrefix(of: me.id), digest: 1, truth: 0),
            from: others[0])
        let ack = try #require(stage.sent.last)
        guard case .ack(9, _, _) = ack.message else {
            Issue.record("expected an ack")
            return
        }
        #expect(ack.byteCount <= 22)
    }

    @Test func `a ping meant for another is not answered`() throws {
        var stage = try Stage(me, knowing: others)
        try stage.hear(
            [], .ping(sequence: 9, target: NodePrefix(of: others[1].id), digest: 1, truth: 0),
            from: others[0])
        #expect(stage.sent.isEmpty)
        #expect(stage.node.counters.pingsMisdirected == 1)
    }

    @Test func `a node that was stalled blames nobody for it`() throws {
        var stage = try Stage(me, knowing: others)
        try stage.wait(.seconds(3), answeredBy: others)
        stage.events = []
        // A round begins, and the process sleeps through its end.
        while stage.node.probes.isEmpty { stage.wait(.milliseconds(10)) }
        stage.now = stage.now + .seconds(15)
        stage.node.handleDeadline(now: stage.now)
        stage.settle()
        #expect(stage.events.contains { if case .stalled = $0 { true } else { false } })
        #expect(others.allSatisfy { stage.state(of: $0) != .dead })
        #expect(stage.node.localHealth.score > 0)
    }
}

@Suite struct LocalHealthTests {
    @Test func `who has nobody left to probe comes to trust its own looks again`() {
        var health = LocalHealth(limit: 7, isEnabled: true)
        for _ in 0..<9 { health.probeFailed(nacksExpected: 0, nacksReceived: 0) }
        #expect(health.score == 7)
        for _ in 0..<7 { health.nobodyToProbe() }
        #expect(health.score == 0)
    }

    @Test func `missing nacks count against ourselves, answered requests do not`() {
        var health = LocalHealth(limit: 7, isEnabled: true)
        health.probeFailed(nacksExpected: 3, nacksReceived: 3)
        #expect(health.factor == 1)
        health.probeFailed(nacksExpected: 3, nacksReceived: 1)
        #expect(health.factor == 3)
        health.probeFailed(nacksExpected: 0, nacksReceived: 0)
        #expect(health.factor == 4)
    }

    @Test func `it stays within its bounds`() {
        var health = LocalHealth(limit: 7, isEnabled: true)
        health.probeSucceeded()
        #expect(health.score == 0)
        for _ in 0..<20 { health.refuted() }
        #expect(health.score == 7 && health.factor == 8)
        for _ in 0..<20 { health.probeSucceeded() }
        #expect(health.score == 0)
    }

    @Test func `switched off it scales nothing`() {
        var health = LocalHealth(limit: 7, isEnabled: false)
        health.stalled()
        #expect(health.factor == 1)
    }
}

@Suite struct ProbeTests {
    @Test func `a last look pings four times, asks relays once and ends`() {
        var probe = Probe(
            .lastLook, of: Character(1).id, now: .zero, timeout: .milliseconds(250),
            end: .seconds(1), tries: 4, asksRelays: true)
        var steps: [(Int64, Probe.Step)] = []
        while steps.last?.1 != .fail, steps.count < 10 {
            let now = probe.nextStep
            if let step = probe.step(now: now) {
                steps.append(((now - .zero).milliseconds, step))
            }
        }
        #expect(steps.map(\.0) == [250, 250, 500, 750, 1_000])
        #expect(steps.map(\.1) == [.escalate, .ping, .ping, .ping, .fail])
    }

    @Test func `only the subject and the relays that were asked may answer`() {
        var probe = Probe(
            .round, of: Character(1).id, now: .zero, timeout: .milliseconds(100),
            end: .milliseconds(300), tries: 1, asksRelays: true)
        probe.relays = [Character(2).id]
        #expect(probe.accepts(from: Character(1).id))
        #expect(probe.accepts(from: Character(2).id))
        #expect(!probe.accepts(from: Character(3).id))
    }
}

@Suite struct ClockTests {
    let others = (2...6).map { Character($0) }

    /// A node that suspects one member and is looking at it.
    private func suspecting() throws -> Stage {
        var stage = try Stage(Character(1), knowing: others)
        try stage.hear([others[1].claims(.suspect, of: others[0])], from: others[1])
        try stage.wait(.milliseconds(700), answeredBy: Array(others.dropFirst()))
        #expect(stage.state(of: others[0]) == .suspect)
        return stage
    }

    @Test func `a node that slept for hours buries nobody who answers`() throws {
        var stage = try suspecting()
        let timers = stage.node.timers.count
        stage.now = stage.now + .hours(8)
        stage.node.handleDeadline(now: stage.now)
        stage.settle()
        #expect(others.allSatisfy { stage.state(of: $0)?.isReachable == true })
        #expect(stage.sent.count < 50, "nor does it make up for the rounds it has missed")
        try stage.wait(.minutes(1), answeredBy: others)
        #expect(others.allSatisfy { stage.state(of: $0) == .alive })
        #expect(stage.node.timers.count <= 2 * timers + 16)
    }

    @Test func `a clock that goes back breaks nothing`() throws {
        var stage = try suspecting()
        stage.now = stage.now - .hours(8)
        stage.node.handleDeadline(now: stage.now)
        stage.settle()
        try stage.hear(
            [others[0].alive(incarnation: 1)],
            .ping(sequence: 16, target: NodePrefix(of: stage.me.id), digest: 7, truth: 0),
            from: others[0])
        #expect(stage.state(of: others[0]) == .alive)
        stage.now = stage.now + .hours(8)
        try stage.wait(.minutes(1), answeredBy: others)
        #expect(others.allSatisfy { stage.state(of: $0) == .alive })
    }

    @Test func `timers do not pile up however often members are accused and cleared`() throws {
        var stage = try Stage(Character(1), knowing: others)
        var most = 0
        for incarnation in 0..<600 {
            let subject = others[incarnation % 3]
            let word = UInt32(incarnation / 3)
            for accuser in others.dropFirst(3) {
                try stage.hear(
                    [accuser.claims(.suspect, of: subject, incarnation: word)], from: accuser)
            }
            try stage.hear([subject.alive(incarnation: word + 1)], from: subject)
            try stage.wait(.milliseconds(200), answeredBy: others)
            most = max(most, stage.node.timers.count)
        }
        // Five times a second a suspicion with its revisions, each waited for 18 s at most.
        #expect(most < 18 * 5 * 6)
    }
}
