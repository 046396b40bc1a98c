import MeshCore
import MeshTestSupport
import Testing

@testable import MeshMembership

@Suite struct AccusationTests {
    let alice = Character(1)
    let bob = Character(2)
    let carol = Character(3)
    let dave = Character(4)

    @Test func `a suspected node refutes by raising its incarnation`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        try stage.hear([bob.claims(.suspect, of: alice)], from: bob)
        #expect(stage.events.contains(.refuted(incarnation: 1)))
        let refutations = stage.sentUpdates(of: UpdateKind.alive)
        #expect(refutations.contains(alice.alive(incarnation: 1)))
        #expect(stage.sent.contains { $0.to == bob.address }, "the accuser hears it first")
    }

    @Test func `the same accusation is refuted once`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        try stage.hear([bob.claims(.suspect, of: alice)], from: bob)
        try stage.hear([carol.claims(.suspect, of: alice)], from: carol)
        try stage.hear([bob.claims(.dead, of: alice)], from: carol)
        #expect(stage.events.filter { $0 == .refuted(incarnation: 1) }.count == 1)
        #expect(!stage.events.contains(.refuted(incarnation: 2)))
    }

    @Test func `an accusation of a future incarnation changes nothing`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        try stage.hear([bob.claims(.suspect, of: alice, incarnation: 9)], from: bob)
        try stage.hear([bob.claims(.dead, of: carol, incarnation: 9)], from: bob)
        #expect(stage.events.isEmpty)
        #expect(stage.state(of: carol) == .alive)
        #expect(stage.node.counters.claimsUnfounded == 1)
    }

    @Test func `others' claims of a higher generation do not make a node raise its own`() throws {
        var stage = try Stage(alice, knowing: [bob])
        try stage.hear([bob.claims(.dead, of: alice, generation: 4_000_000_000)], from: bob)
        #expect(stage.generationsToStore.isEmpty)
    }

    @Test func `a claim with another's signature is refused and counted`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        var forged = bob.claims(.suspect, of: carol)
        forged.body[forged.body.count - 1] ^= 1
        try stage.hear([forged], from: bob)
        #expect(stage.state(of: carol) == .alive)
        #expect(stage.node.counters.statementsForged == 1)
    }

    @Test func `a claim by a stranger is not believed`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        try stage.hear([dave.claims(.suspect, of: carol)], from: bob)
        #expect(stage.state(of: carol) == .alive)
        #expect(stage.node.counters.claimsUnfounded == 1)
    }

    @Test func `an accusation is passed on to others`() throws {
        var stage = try Stage(alice, knowing: [bob, carol, dave])
        let claim = bob.claims(.suspect, of: carol)
        try stage.hear([claim], from: bob)
        #expect(stage.state(of: carol) == .suspect)
        stage.wait(.milliseconds(100))
        #expect(stage.sentUpdates(of: claim.kind).contains(claim))
    }

    @Test func `a ping to a suspect tells it of the accusation`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        let claim = bob.claims(.suspect, of: carol)
        try stage.hear([claim], from: bob)
        stage.wait(.milliseconds(10))
        let ping = stage.sent.first { packet in
            if case .ping = packet.message { packet.to == carol.address } else { false }
        }
        #expect(ping?.updates.first == claim)
    }

    @Test func `an answer to our own question clears a suspicion here`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        let claim = bob.claims(.suspect, of: carol)
        try stage.hear([claim], from: bob)
        try stage.wait(.milliseconds(50), answeredBy: [bob, carol])
        #expect(stage.state(of: carol) == .alive)
        try stage.hear([claim], from: bob)
        #expect(stage.state(of: carol) == .alive, "the same accuser is not heard twice")
    }

    @Test func `nobody is believed dead before we have looked ourselves`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        try stage.hear([bob.claims(.dead, of: carol)], from: bob)
        #expect(stage.state(of: carol) == .suspect)
        stage.wait(.milliseconds(900))
        let looks = stage.sent.filter { packet in
            if case .ping(_, NodePrefix(of: carol.id), _, _) = packet.message {
                true
            } else {
                false
            }
        }
        #expect(looks.count >= 4)
        #expect(stage.state(of: carol) == .suspect)
        stage.wait(.milliseconds(200))
        #expect(stage.state(of: carol) == .dead)
    }

    @Test func `a death that is contradicted by our own look is not believed`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        try stage.hear([bob.claims(.dead, of: carol)], from: bob)
        try stage.answered(by: [carol, bob], for: .seconds(2))
        #expect(stage.state(of: carol) == .alive)
    }

    @Test func `a silent member is suspected, then declared dead`() throws {
        var stage = try Stage(alice, knowing: [bob, carol, dave])
        try stage.wait(.seconds(4), answeredBy: [bob, dave])
        #expect(stage.state(of: carol) == .suspect)
        try stage.wait(.seconds(30), answeredBy: [bob, dave])
        #expect(stage.state(of: carol) == .dead)
        #expect(stage.state(of: bob) == .alive)
    }

    @Test func `distinct accusers shorten the wait`() throws {
        func secondsToDeath(accusers: [Character]) throws -> Int64 {
            var stage = try Stage(alice, knowing: [bob, carol, dave, Character(5), Character(6)])
            let friends = [bob, dave, Character(5), Character(6)]
            for accuser in accusers {
                try stage.hear([accuser.claims(.suspect, of: carol)], from: accuser)
            }
            let start = stage.now
            while stage.state(of: carol) != .dead, stage.now - start < .seconds(60) {
                try stage.wait(.milliseconds(100), answeredBy: friends)
            }
            return (stage.now - start).milliseconds / 1_000
        }
        let two = try secondsToDeath(accusers: [bob, dave])
        #expect(two <= 6, "two others and ourselves are all that is expected")
    }

    @Test func `a node that left is not accused any more`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        try stage.hear([carol.claims(.left, of: carol)], from: carol)
        #expect(stage.state(of: carol) == .left)
        try stage.hear([bob.claims(.dead, of: carol)], from: bob)
        #expect(stage.state(of: carol) == .left)
    }

    @Test func `nobody says goodbye for another`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        let claim = MemberClaim(
            .left, subject: carol.id, generation: 1, incarnation: 0, author: carol.id)
        let mesh = MeshID(named: Character.mesh, using: StubCryptography())
        let forged = Update.claim(
            claim, StubCryptography().sign(claim.signedBytes(mesh: mesh), by: bob.key))
        try stage.hear([forged], from: bob)
        #expect(stage.state(of: carol) == .alive)
        #expect(stage.node.counters.statementsForged == 1)
    }

    @Test func `a dead member is forgotten only when it is dead`() throws {
        var stage = try Stage(alice, knowing: [bob, carol])
        let isForgottenAlive = stage.node.forget(carol.id, now: stage.now)
        #expect(!isForgottenAlive)
        try stage.hear([bob.claims(.dead, of: carol)], from: bob)
        try stage.wait(.seconds(2), answeredBy: [bob])
        #expect(stage.state(of: carol) == .dead)
        let isForgottenDead = stage.node.forget(carol.id, now: stage.now)
        #expect(isForgottenDead)
        stage.settle()
        #expect(stage.state(of: carol) == .forgotten)
        try stage.hear([carol.alive(incarnation: 0)], from: bob)
        #expect(stage.state(of: carol) == .forgotten, "an old statement does not bring it back")
        try stage.hear([carol.alive(incarnation: 1)], from: bob)
        #expect(stage.state(of: carol) == .alive, "its own newer word does")
    }
}

extension Stage {
    mutating func answered(by others: [Character], for span: TimeSpan) throws {
        try wait(span, answeredBy: others)
    }
}
