import MeshChecks
import MeshCore
import MeshNotices
import Testing

@testable import MeshEngine

/// What is held to be wrong with the mesh, look by look: seconds since the start are all the time
/// there is.
struct MeshHealthTests {
    private static func node(_ number: UInt64) -> NodeID {
        NodeID(Bytes16(high: number, low: number))
    }
    private static let contact = ContactID(Bytes16(high: 70, low: 7))
    private static let dead = MeshSubject(.deadNode, of: node(3))
    private static let lost = MeshSubject(.lostQuorum, of: node(1))

    /// The health of a node among five, looked at every five seconds.
    private struct Patient {
        var health = MeshHealth()
        var sight = MeshHealth.Sight(
            hasMajority: true, group: (1...5).map(node), contacts: [contact])
        var seconds: Int64 = 0
        var steps: [MeshHealth.Step] = []

        var now: Instant { .zero + .seconds(seconds) }

        mutating func wait(_ span: Int64) {
            let end = seconds + span
            while seconds < end {
                seconds += 5
                steps += health.look(at: sight, now: now)
            }
        }

        mutating func kill(_ numbers: UInt64...) {
            sight.missing = numbers.map(node)
            sight.group = (1...5).map(node).filter { !sight.missing.contains($0) }
            sight.hasMajority = sight.group.count > 2
        }

        mutating func tell(_ subject: MeshSubject, by number: UInt64 = 1) {
            sight.told.append(.init(subject: subject, node: node(number)))
        }

        /// Steps since the last call, without their times.
        mutating func taken() -> [String] {
            defer { steps = [] }
            return steps.map { step in
                switch step {
                case .begins(let subject, _): "begins \(subject.kind.map { "\($0)" } ?? "")"
                case .grows(let subject, _): "grows \(subject.kind.map { "\($0)" } ?? "")"
                case .ends(let subject): "ends \(subject.kind.map { "\($0)" } ?? "")"
                }
            }
        }
    }

    @Test func `a death is told after five minutes, and its end when it has lasted`() {
        var patient = Patient()
        patient.kill(3)
        patient.wait(300)
        #expect(patient.taken().isEmpty)
        patient.wait(10)
        #expect(patient.taken() == ["begins deadNode"])
        patient.tell(Self.dead)
        patient.kill()
        patient.wait(25)
        #expect(patient.taken().isEmpty)
        patient.wait(10)
        #expect(patient.taken() == ["ends deadNode"])
    }

    @Test func `a restart of less than five minutes is nothing`() {
        var patient = Patient()
        for number in 1...5 as ClosedRange<UInt64> {
            patient.kill(number)
            patient.wait(240)
            patient.kill()
            patient.wait(60)
        }
        #expect(patient.taken().isEmpty)
    }

    @Test func `a death that comes and goes while it is told of goes on`() {
        var patient = Patient()
        patient.kill(3)
        patient.wait(310)
        patient.tell(Self.dead)
        #expect(patient.taken() == ["begins deadNode"])
        for _ in 0..<10 {
            patient.kill()
            patient.wait(20)
            patient.kill(3)
            patient.wait(20)
        }
        #expect(patient.taken().isEmpty)
    }

    @Test func `without the majority the quorum is lost, and no death is told or ended`() {
        var patient = Patient()
        patient.kill(3)
        patient.wait(310)
        patient.tell(Self.dead)
        _ = patient.taken()
        patient.kill(3, 4, 5)
        patient.wait(300)
        #expect(!patient.health.hasLostQuorum(at: patient.now))
        patient.wait(1_000)
        #expect(patient.taken() == ["begins lostQuorum"])
        #expect(patient.health.hasLostQuorum(at: patient.now))
        patient.tell(Self.lost)
        patient.kill(3)
        patient.wait(100)
        #expect(patient.taken().first == "ends lostQuorum")
    }

    @Test func `a group is named by its lowest node, or as its members were before`() {
        var patient = Patient()
        patient.kill(1, 4, 5)
        patient.wait(310)
        #expect(
            patient.health.troubles.map(\.subject) == [MeshSubject(.lostQuorum, of: Self.node(2))])
        // A node that finds on its start that its group has told goes on with that.
        var late = Patient()
        late.kill(1, 4, 5)
        late.tell(MeshSubject(.lostQuorum, of: Self.node(1)), by: 3)
        late.tell(MeshSubject(.lostQuorum, of: Self.node(4)), by: 4)
        late.wait(310)
        #expect(late.taken().isEmpty)
        #expect(late.health.troubles.map(\.subject) == [MeshSubject(.lostQuorum, of: Self.node(1))])
    }

    @Test func `what one told that has left since is not told again`() {
        var patient = Patient()
        patient.kill(3, 4, 5)
        patient.wait(290)
        patient.tell(Self.lost)
        patient.sight.group = [Self.node(2)]
        patient.wait(20)
        #expect(patient.taken().isEmpty)
        #expect(patient.health.troubles.map(\.subject) == [Self.lost])
    }

    @Test func `a name once chosen outlives the node that it is of`() {
        var patient = Patient()
        patient.kill(4, 5, 3)
        patient.wait(310)
        #expect(patient.taken() == ["begins lostQuorum"])
        patient.kill(1, 3, 4, 5)
        patient.wait(600)
        #expect(patient.taken().isEmpty)
    }

    @Test func `what others told before this node was started gets its end`() {
        var patient = Patient()
        patient.tell(Self.dead)
        patient.tell(Self.lost)
        patient.wait(60)
        #expect(Set(patient.taken()) == ["ends deadNode", "ends lostQuorum"])
    }

    @Test func `who is told that it is over waits before it says the contrary`() {
        var patient = Patient()
        patient.kill(3)
        patient.wait(310)
        _ = patient.taken()
        patient.health.contradict(Self.dead, now: patient.now)
        patient.wait(295)
        #expect(patient.taken().isEmpty)
        patient.wait(10)
        #expect(patient.taken() == ["begins deadNode"])
    }

    @Test func `a contact fails from its first failure until somebody gets through`() {
        var patient = Patient()
        patient.health.note(.failed(Reason("refused")), of: Self.contact, now: patient.now)
        patient.wait(290)
        patient.health.note(.failed(Reason("refused")), of: Self.contact, now: patient.now)
        patient.wait(20)
        #expect(patient.taken() == ["begins failingContact"])
        patient.tell(MeshSubject(failing: Self.contact))
        patient.wait(600)
        #expect(patient.taken().isEmpty)
        patient.health.note(.sent, of: Self.contact, now: patient.now)
        patient.wait(60)
        #expect(patient.taken().first == "ends failingContact")
    }

    @Test func `a node that was started again does not know whether a contact is well`() {
        var patient = Patient()
        patient.tell(MeshSubject(failing: Self.contact))
        patient.wait(600)
        #expect(patient.taken().isEmpty)
    }

    @Test func `what a node says of its disk is told at once, and is open while it is dead`() {
        var patient = Patient()
        let report = NodeReport([.fullDisk, .unwatchedChecks], RecordText("full"))
        patient.sight.reports = [(Self.node(3), report)]
        patient.wait(5)
        #expect(patient.taken() == ["begins fullDisk"])
        // Others may find the same within half a minute: that is one word.
        patient.wait(25)
        #expect(patient.taken().isEmpty)
        patient.wait(5)
        #expect(patient.taken() == ["begins unwatchedChecks"])
        patient.tell(MeshSubject(.fullDisk, of: Self.node(3)))
        patient.kill(3)
        patient.wait(200)
        #expect(patient.taken() == ["ends unwatchedChecks"])
        patient.kill()
        patient.sight.reports = [(Self.node(3), NodeReport([], RecordText("")))]
        patient.wait(5)
        #expect(patient.taken() == ["ends fullDisk"])
    }

    @Test func `who lacks checks is told of after ten minutes; who lacks some cannot judge`() {
        var patient = Patient()
        patient.sight.skewed = [Self.node(4)]
        patient.wait(600)
        #expect(patient.taken().isEmpty)
        patient.wait(10)
        #expect(patient.taken() == ["begins skewedConfiguration"])
        patient.tell(MeshSubject(.skewedConfiguration, of: Self.node(4)))
        patient.sight.skewed = nil
        patient.wait(600)
        #expect(patient.taken().isEmpty)
        patient.sight.skewed = []
        patient.wait(60)
        #expect(patient.taken().first == "ends skewedConfiguration")
    }
}
