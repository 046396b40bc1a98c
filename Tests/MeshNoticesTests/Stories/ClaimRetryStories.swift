import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// A claim is said again to who has not answered: one lost datagram decides nothing.
struct ClaimRetryStories {
    private static func claims(
        _ notices: inout Notices
    ) -> [(number: UInt64, nodes: [NodeID])] {
        var claims: [(number: UInt64, nodes: [NodeID])] = []
        while let effect = notices.popEffect() {
            guard case .sendClaim(let update, let nodes) = effect,
                let claim = try? Claim.decode(update.body)
            else { continue }
            claims.append((claim.number, nodes))
        }
        return claims
    }

    @Test func `who has answered is not asked again, who has not is, until the wait is over`()
        throws
    {
        let village = Village(4)
        var notices = village.residents[0].notices
        let start = Village.start
        notices.memberChanged(Names.node(2), isAlive: false, now: start)
        notices.learn(village.flip(1, .down, from: .up, owners: 4), now: start)
        notices.handleMajority(true, now: start)
        var token: StoreToken?
        while let effect = notices.popEffect() {
            if case .store(_, let confirmed?) = effect { token = confirmed }
        }
        notices.handleStored(try #require(token), now: start)
        let first = Self.claims(&notices)
        #expect(first.map(\.nodes) == [[Names.node(1), Names.node(2), Names.node(3)]])

        notices.handleDeadline(now: start + .milliseconds(49))
        #expect(Self.claims(&notices).isEmpty)
        notices.handleDeadline(now: start + .milliseconds(50))
        let second = Self.claims(&notices)
        #expect(
            second.map(\.nodes) == [[Names.node(1), Names.node(2), Names.node(3)]],
            "the dead may have just come back, with news")
        #expect(second.map(\.number) == first.map(\.number))

        let ack = ClaimAnswer(number: try #require(first.first?.number), verdict: .ack).update()
        _ = notices.receive(
            claimAnswer: ack, from: Names.node(3), now: start + .milliseconds(60))
        notices.handleDeadline(now: start + .milliseconds(100))
        #expect(Self.claims(&notices).map(\.nodes) == [[Names.node(1), Names.node(2)]])
        notices.handleDeadline(now: start + .milliseconds(150))
        #expect(Self.claims(&notices).isEmpty, "the request leaves")
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `two that claim at once tell once, though a quarter of all datagrams is lost`(
        seed: UInt64
    ) {
        var village = Village(5, seed: seed)
        village.loss = 25
        // Each takes the owners before it for dead, and so for its own turn.
        village.act(1) { $0.memberChanged(Names.node(0), isAlive: false, now: $1) }
        village.learn(village.flip(1, .down, from: .up), at: [0, 1])
        village.run(for: .seconds(20))
        #expect(village.told.count == 1)
    }
}
