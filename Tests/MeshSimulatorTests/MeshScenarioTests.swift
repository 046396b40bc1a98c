import MeshChecks
import MeshCore
import MeshNotices
import Testing

@testable import MeshSimulator

/// What is told of the mesh itself and of what only one side of a cut sees, to the last notice.
/// `WatchingScenarioTests` holds the same stories against the promises.
struct MeshScenarioTests {
    /// A notice as these tests count it.
    private struct Line: Hashable, CustomStringConvertible {
        var subject: MeshSubject.Kind?
        var contact: Int
        var state: TargetState

        init(_ subject: MeshSubject.Kind?, _ contact: Int, _ state: TargetState) {
            self.subject = subject
            self.contact = contact
            self.state = state
        }

        var description: String {
            "\(subject.map { "\($0)" } ?? "partial") \(state) to \(contact)"
        }
    }

    @Test func `two of five that are cut off tell both contacts once, and each view with its end`()
        throws
    {
        let lines = try told("mesh-cut-3-2")
        #expect(
            lines == [
                Line(.lostQuorum, 0, .down): 1, Line(.lostQuorum, 1, .down): 1,
                Line(.lostQuorum, 0, .up): 1, Line(.lostQuorum, 1, .up): 1,
                Line(nil, 0, .down): 3, Line(nil, 1, .down): 3,
                Line(nil, 0, .up): 3, Line(nil, 1, .up): 3,
            ])
    }

    @Test func `of two, two and one each group tells once, and the one alone tells no view`() throws
    {
        let lines = try told("mesh-cut-2-2-1")
        #expect(
            lines == [
                Line(.lostQuorum, 0, .down): 3, Line(.lostQuorum, 1, .down): 3,
                Line(.lostQuorum, 0, .up): 3, Line(.lostQuorum, 1, .up): 3,
                Line(nil, 0, .down): 6, Line(nil, 1, .down): 6,
                Line(nil, 0, .up): 6, Line(nil, 1, .up): 6,
            ])
    }

    @Test func `a view that the chain confirms has no end of its own`() throws {
        let lines = try told("mesh-cut-confirmed")
        #expect(
            lines == [
                Line(.lostQuorum, 0, .down): 1, Line(.lostQuorum, 0, .up): 1,
                Line(.deadNode, 0, .down): 2, Line(.deadNode, 0, .up): 2,
                Line(nil, 0, .down): 6,
            ])
    }

    @Test func `a node alone tells that the quorum is lost and nothing that it sees`() throws {
        let lines = try told("mesh-cut-alone")
        #expect(
            lines == [
                Line(.lostQuorum, 0, .down): 1, Line(.lostQuorum, 1, .down): 1,
                Line(.lostQuorum, 0, .up): 1, Line(.lostQuorum, 1, .up): 1,
            ])
    }

    @Test func `a node that dies for good is told once`() throws {
        #expect(try told("mesh-node-dead") == [Line(.deadNode, 0, .down): 1])
    }

    @Test func `a node that comes back is told, too`() throws {
        #expect(
            try told("mesh-node-returns")
                == [Line(.deadNode, 0, .down): 1, Line(.deadNode, 0, .up): 1])
    }

    @Test func `a rolling restart wakes nobody`() throws {
        #expect(try told("mesh-rolling-restart").isEmpty)
    }

    @Test func `of two one dies: that nothing can be confirmed is told once`() throws {
        for seed in 1...4 as ClosedRange<UInt64> {
            let lines = try told("mesh-two-one-dies", seed: seed)
            // The lower one has the majority at exactly half: it tells who is dead and that too
            // few look. The other has lost the quorum.
            #expect(
                lines == [Line(.deadNode, 0, .down): 1, Line(.unwatchedChecks, 0, .down): 1]
                    || lines == [Line(.lostQuorum, 0, .down): 1], "seed \(seed)")
        }
    }

    @Test func `that a contact fails is told to the other one, and that it is reached again`()
        throws
    {
        #expect(
            try told("mesh-contact-fails")
                == [Line(.failingContact, 0, .down): 1, Line(.failingContact, 0, .up): 1])
    }

    @Test func `what ails a node's machine is told, by others if it cannot`() throws {
        #expect(
            try told("mesh-faults")
                == [
                    Line(.fullDisk, 0, .down): 1, Line(.fullDisk, 0, .up): 1,
                    Line(.wrongClock, 0, .down): 1, Line(.wrongClock, 0, .up): 1,
                ])
    }

    @Test func `a node that lacks checks for long is told of`() throws {
        #expect(
            try told("mesh-skew")
                == [
                    Line(.skewedConfiguration, 0, .down): 1, Line(.skewedConfiguration, 0, .up): 1,
                ])
    }

    @Test func `checks at which too few look are told of together`() throws {
        #expect(
            try told("mesh-unwatched")
                == [Line(.unwatchedChecks, 0, .down): 1, Line(.unwatchedChecks, 0, .up): 1])
    }

    @Test func `that more checks are unwatched is told once more, by one, and the end once`()
        throws
    {
        let notices = try notices("mesh-unwatched-more")
            .filter { $0.subject?.kind == .unwatchedChecks }
        try #require(notices.map(\.state) == [.down, .down, .up])
        #expect(Set(notices.map(\.incident)).count == 1)
        #expect(notices.map(\.epoch) == [1, 2, 3])
        #expect(notices[0].reason.text.hasPrefix("1 check is not watched: "))
        #expect(
            notices[1].reason.text.hasPrefix("11 checks are not watched, 10 since last told: "))
    }

    // MARK: Planted faults

    static let plants = [Sabotage.stutteringMesh, .mutedMesh, .endlessPartials]

    @Test(arguments: plants)
    func `the promise about mesh notices catches the fault that was planted for it`(
        sabotage: Sabotage
    ) throws {
        let simulation = try run("mesh-cut-3-2", sabotage: sabotage)
        #expect(simulation.log.invariants.contains(MeshTold.name))
    }

    // MARK: Support

    private func told(_ name: String, seed: UInt64 = 1) throws -> [Line: Int] {
        var lines: [Line: Int] = [:]
        for acceptance in try acceptances(name, seed: seed) {
            let notice = acceptance.notice
            lines[Line(notice.subject?.kind, acceptance.contact, notice.state), default: 0] += 1
        }
        return lines
    }

    /// As they arrived.
    private func notices(_ name: String) throws -> [Notice] {
        try acceptances(name, seed: 1).map(\.notice)
    }

    private func acceptances(_ name: String, seed: UInt64) throws -> [Receivers.Acceptance] {
        let simulation = try run(name, seed: seed)
        #expect(simulation.log.first.map(\.text).isEmpty)
        return simulation.world.watch.receivers.acceptances.filter {
            $0.notice.kind == .mesh || $0.notice.kind == .partial
        }
    }

    private func run(
        _ name: String, seed: UInt64 = 1, sabotage: Sabotage? = nil
    ) throws -> Simulation {
        let scenario = try #require(ScenarioCatalog.scenario(named: name))
        let request = Scenario.Request(nodes: 5, duration: .minutes(5), seed: seed)
        let simulation = Simulation(scenario, request, sabotage: sabotage)
        while simulation.step() {
            if sabotage != nil, simulation.log.invariants.contains(MeshTold.name) { break }
        }
        return simulation
    }
}
