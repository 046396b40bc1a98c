import MeshCore
import MeshEngine
import Testing

/// A node that asks for the majority, and members who answer or do not.
private struct Assembly {
    static func node(_ number: Int) -> NodeID { NodeID(Bytes16(high: UInt64(number), low: 0)) }

    let me: NodeID
    let known: [NodeID]
    var call: RollCall
    var generator = SeededGenerator(seed: 3)
    var now = Instant(nanoseconds: 9_000_000_000)
    var answering: Set<NodeID>
    var callsSent = 0
    var asked: Set<NodeID> = []
    var outcomes: [(has: Bool, began: Instant, at: Instant)] = []

    /// Members are numbered from 1; `me` is one of them.
    init(of count: Int, me: Int, answering: [Int]) {
        self.me = Self.node(me)
        known = (1..<count + 1).map { Self.node($0) }
        call = RollCall(of: self.me)
        self.answering = Set(answering.map { Self.node($0) })
    }

    mutating func ask(since: Instant? = nil) {
        call.ask(since: since ?? now, now: now, known: known, using: &generator)
        settle()
    }

    mutating func wait(_ span: TimeSpan) {
        let end = now + span
        while let deadline = call.nextDeadline, deadline <= end {
            now = max(now, deadline)
            call.handleDeadline(now: now, known: known, using: &generator)
            settle()
        }
        now = end
    }

    private mutating func settle() {
        while let effect = call.popEffect() {
            switch effect {
            case .call(let node, let number):
                callsSent += 1
                asked.insert(node)
                if answering.contains(node) {
                    call.handle(present: number, from: node, now: now)
                }
            case .outcome(let has, let began): outcomes.append((has, began, now))
            }
        }
    }
}

@Suite struct RollCallTests {
    @Test func `a node that knows nobody else is the majority at once`() {
        var assembly = Assembly(of: 1, me: 1, answering: [])
        assembly.ask()
        #expect(assembly.outcomes.map(\.has) == [true])
        #expect(assembly.callsSent == 0)
        #expect(assembly.call.isFresh(since: assembly.now, now: assembly.now))
    }

    @Test func `more than half is enough, as soon as it has answered`() {
        var assembly = Assembly(of: 5, me: 4, answering: [1, 5])
        assembly.ask()
        #expect(assembly.outcomes.map(\.has) == [true])
        #expect(assembly.outcomes.first?.at == assembly.now)
        #expect(assembly.call.nextDeadline == nil)
    }

    @Test func `less than half is known after a second of repeated calls`() {
        var assembly = Assembly(of: 5, me: 4, answering: [1])
        assembly.ask()
        #expect(assembly.outcomes.isEmpty)
        assembly.wait(.seconds(2))
        #expect(assembly.outcomes.map(\.has) == [false])
        #expect(assembly.callsSent == 4 + 9 * 3, "who has answered is not called again")
        let outcome = assembly.outcomes[0]
        #expect(outcome.at - outcome.began == .seconds(1))
        #expect(!assembly.call.isFresh(since: outcome.began, now: outcome.at))
    }

    @Test(arguments: [(me: 1, other: 3, has: true), (me: 3, other: 1, has: true), (2, 3, false)])
    func `of exactly half, the half with the lowest id has it`(me: Int, other: Int, has: Bool) {
        var assembly = Assembly(of: 4, me: me, answering: [other])
        assembly.ask()
        assembly.wait(.seconds(1))
        #expect(assembly.outcomes.map(\.has) == [has])
    }

    @Test(arguments: [(1, true), (2, false)])
    func `of two the one with the lower id goes on alone`(me: Int, has: Bool) {
        var assembly = Assembly(of: 2, me: me, answering: [])
        assembly.ask()
        assembly.wait(.seconds(1))
        #expect(assembly.outcomes.map(\.has) == [has])
    }

    @Test func `a late answer within the second counts`() {
        var assembly = Assembly(of: 3, me: 3, answering: [])
        assembly.ask()
        assembly.wait(.milliseconds(750))
        assembly.answering = [Assembly.node(2)]
        assembly.wait(.milliseconds(100))
        #expect(assembly.outcomes.map(\.has) == [true])
    }

    @Test func `many who ask share one call and what came of it, for a second`() {
        var assembly = Assembly(of: 3, me: 3, answering: [])
        let seen = assembly.now
        assembly.ask(since: seen)
        assembly.ask(since: seen - .seconds(3))
        #expect(assembly.callsSent == 2)
        assembly.answering = [Assembly.node(1)]
        assembly.wait(.milliseconds(100))
        #expect(assembly.outcomes.map(\.has) == [true])
        assembly.wait(.milliseconds(900))
        assembly.ask(since: seen)
        #expect(assembly.outcomes.map(\.began) == [seen, seen], "the held one serves")
        let calls = assembly.callsSent
        assembly.wait(.milliseconds(101))
        #expect(!assembly.call.isFresh(since: seen, now: assembly.now))
        assembly.ask(since: seen)
        #expect(assembly.callsSent > calls, "older than a second it does not")
    }

    @Test func `who has seen something since the call began gets the next call`() {
        var assembly = Assembly(of: 3, me: 3, answering: [])
        assembly.ask()
        assembly.wait(.milliseconds(50))
        let seen = assembly.now
        assembly.ask(since: seen)
        assembly.answering = [Assembly.node(1)]
        assembly.wait(.milliseconds(200))
        #expect(assembly.outcomes.map(\.has) == [true, true])
        #expect(assembly.outcomes[0].began < seen)
        #expect(assembly.outcomes[1].began >= seen)
        #expect(assembly.call.isFresh(since: seen, now: assembly.now))
    }

    @Test func `answers to another call, from strangers or given twice do not count`() {
        var generator = SeededGenerator(seed: 1)
        var call = RollCall(of: Assembly.node(1))
        let now = Instant(nanoseconds: 1_000_000_000)
        let known = (1..<8).map { Assembly.node($0) }
        call.ask(since: now, now: now, known: known, using: &generator)
        guard case .call(let node, let number)? = call.popEffect() else {
            Issue.record("expected a call")
            return
        }
        while call.popEffect() != nil {}
        for other in known.dropFirst() { call.handle(present: number &+ 1, from: other, now: now) }
        for stranger in 20..<30 {
            call.handle(present: number, from: Assembly.node(stranger), now: now)
        }
        for _ in 0..<5 { call.handle(present: number, from: node, now: now) }
        #expect(call.popEffect() == nil)
        #expect(!call.isFresh(since: now, now: now))
    }

    @Test func `a hundred and twenty-eight are all asked`() {
        var assembly = Assembly(of: 128, me: 40, answering: Array(2..<67))
        assembly.ask()
        #expect(assembly.asked.count == 127)
        #expect(assembly.outcomes.map(\.has) == [true])
    }

    @Test(arguments: [(258, true), (100, false)])
    func `of more a sample of 127 is asked and five eighths must be there`(
        ofThreeHundred present: Int, has: Bool
    ) {
        var assembly = Assembly(of: 300, me: 299, answering: Array(1..<present + 1))
        assembly.ask()
        assembly.wait(.seconds(1))
        #expect(assembly.asked.count == 127)
        #expect(assembly.outcomes.map(\.has) == [has])
    }

    @Test func `79 of a sample are too few and 80 enough, this node counted`() {
        for (count, has) in [(78, false), (79, true)] {
            var assembly = Assembly(of: 500, me: 1, answering: [])
            assembly.ask()
            assembly.answering = Set(assembly.asked.sorted().prefix(count))
            assembly.wait(.seconds(1))
            #expect(assembly.outcomes.map(\.has) == [has])
        }
    }

    @Test func `a node that does not count itself needs more than half of the others`() {
        var generator = SeededGenerator(seed: 1)
        var call = RollCall(of: Assembly.node(9))
        let now = Instant(nanoseconds: 1_000_000_000)
        call.ask(since: now, now: now, known: [], using: &generator)
        #expect(call.popEffect() == .outcome(hasMajority: false, callBegan: now))
    }
}
