import MeshCore
import Testing

@testable import MeshMembership

@Suite struct SuspicionTests {
    private func suspicion(members: Int, _ change: (inout MembershipParameters) -> Void = { _ in })
        -> Suspicion
    {
        var parameters = MembershipParameters()
        parameters.suspicionMultiplier = 4
        parameters.suspicionMaxMultiplier = 6
        change(&parameters)
        return Suspicion(
            of: Standing(generation: 1, incarnation: 0, state: .alive), by: Character(1).id,
            claim: nil, now: .zero, parameters, membersCount: members)
    }

    private func confirm(_ suspicion: inout Suspicion, by number: UInt64) -> Bool {
        suspicion.confirm(by: Character(number).id)
    }

    @Test(arguments: [(5, 4_000), (10, 4_000), (100, 8_000), (1_000, 12_000)])
    func `the minimum grows with the logarithm of the mesh`(members: Int, milliseconds: Int64) {
        var parameters = MembershipParameters()
        parameters.suspicionMultiplier = 4
        let minimum = Suspicion.minimum(parameters, membersCount: members)
        #expect(abs(minimum.milliseconds - milliseconds) <= 2)
    }

    @Test func `a single accuser waits the maximum`() {
        #expect(suspicion(members: 5).deadline == .zero + .seconds(24))
    }

    @Test func `each further accuser shortens the wait, down to the minimum`() {
        var suspicion = suspicion(members: 5)
        #expect(confirm(&suspicion, by: 2))
        // 24 s - 20 s x ln 2 / ln 3
        #expect(abs((suspicion.deadline - .zero).milliseconds - 11_381) <= 5)
        #expect(confirm(&suspicion, by: 3))
        #expect(suspicion.deadline == .zero + .seconds(4))
    }

    @Test func `one accuser counts once, and those beyond the expected not at all`() {
        var suspicion = suspicion(members: 9)
        #expect(!confirm(&suspicion, by: 1))
        #expect(confirm(&suspicion, by: 2))
        #expect(!confirm(&suspicion, by: 2))
        #expect(confirm(&suspicion, by: 3))
        #expect(!confirm(&suspicion, by: 4))
    }

    @Test func `in a mesh of two nobody can confirm and the wait is the maximum`() {
        var suspicion = suspicion(members: 2)
        #expect(!confirm(&suspicion, by: 2))
        #expect(suspicion.deadline == .zero + .seconds(24))
    }

    @Test func `without shrinking every suspicion takes the minimum`() {
        let suspicion = suspicion(members: 5) { $0.lifeguard.remove(.shrinkingSuspicion) }
        #expect(suspicion.deadline == .zero + .seconds(4))
    }
}
