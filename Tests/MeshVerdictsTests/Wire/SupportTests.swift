import MeshChecks
import MeshCore
import MeshPlacement
import MeshVerdicts
import Testing

struct SupportTests {
    /// previous, dissent, and the flips that it supports.
    static let table: [(TargetState?, TargetState, [TargetState])] = [
        (nil, .up, [.up]),
        (nil, .degraded, [.up, .degraded]),
        (nil, .down, [.up, .degraded, .down]),
        (.up, .up, []),
        (.up, .degraded, [.degraded]),
        (.up, .down, [.degraded, .down]),
        (.degraded, .up, [.up]),
        (.degraded, .degraded, []),
        (.degraded, .down, [.down]),
        (.down, .up, [.up, .degraded]),
        (.down, .degraded, [.degraded]),
        (.down, .down, []),
    ]

    @Test(arguments: table)
    func `a verdict supports every state on its way, and none behind it`(
        previous: TargetState?, dissent: TargetState, supported: [TargetState]
    ) {
        let found = TargetState.allCases.filter {
            Support.does(dissent, support: $0, from: previous)
        }
        #expect(found == supported)
    }

    @Test func `down, degraded and up from up is degraded`() {
        let dissents: [TargetState] = [.down, .degraded]
        let certified = TargetState.allCases.filter { state in
            dissents.count { Support.does($0, support: state, from: .up) } >= 2
        }
        #expect(certified == [.degraded])
    }

    @Test func `a liar's own zone is what an honest list says`() throws {
        let proof = try Proof(members: 4, zones: ["eu"])
        let honest = Support.Signer(node: proof.members[0].node, roll: proof.roll)
        var entries = proof.roll.entries
        entries[1].zone = try #require(Label("moon"))
        let liar = Support.Signer(node: proof.members[1].node, roll: Roll(entries: entries))
        #expect(Support.zonesSpanned(by: [liar]) == 1)
        #expect(Support.zonesSpanned(by: [honest, liar]) == 1)
        #expect(Support.zonesSpanned(by: []) == 0)
    }

    @Test func `a signer that a list does not know is where its own list puts it`() throws {
        let proof = try Proof(members: 3, zones: ["eu", "us"])
        let narrow = Support.Signer(node: proof.members[0].node, roll: proof.roll([0, 2]))
        let other = Support.Signer(node: proof.members[1].node, roll: proof.roll)
        #expect(Support.zonesSpanned(by: [narrow, other]) == 2)
    }
}
