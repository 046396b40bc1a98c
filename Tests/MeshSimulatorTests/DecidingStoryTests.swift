import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshVerdicts
import Testing

@testable import MeshSimulator

/// What the stories about who decides are there to show: exactly what is told, by whom, how soon.
/// Six checks at an interval of 10 s and a delay of 1 unless said otherwise: an outage is told
/// after at most two intervals and a moment.
struct DecidingStoryTests {
    /// Two intervals, a look that hangs until its timeout, and the way through the mesh.
    private let soon = TimeSpan.seconds(24)

    // MARK: The table at the end of section 5

    @Test func `a node alone by configuration tells of every outage and its end`() throws {
        let story = try Story("alone", nodes: 1)
        #expect(story.counts == [.down: 6, .up: 6])
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= soon })
    }

    @Test func `a node that never met its peers looks, and decides and tells nothing`() throws {
        let world = try Story("never-synced").world
        #expect(world.watch.sights.lookCount > 0)
        #expect(world.watch.truth.flips.isEmpty)
        #expect(world.watch.receivers.acceptances.isEmpty)
    }

    @Test(arguments: ["two-one-dies", "three-both-die"])
    func `who is left without a majority certifies nothing`(name: String) throws {
        let story = try Story(name)
        let killed = try #require(story.moment { if case .kill = $0 { true } else { false } })
        #expect(story.told.isEmpty)
        #expect(story.world.watch.truth.flips.allSatisfy { $0.firstHeldAt < killed })
    }

    @Test func `who forgets the dead one of two decides alone again`() throws {
        let story = try Story("two-forgotten")
        #expect(story.counts == [.down: 6])
        #expect(story.told.allSatisfy { $0.process == 0 })
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= soon })
    }

    @Test(arguments: ["three-one-dies", "five-two-die"])
    func `who is left with a majority goes on`(name: String) throws {
        let story = try Story(name)
        #expect(story.counts == [.down: 6])
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= soon })
    }

    @Test func `of five cut in three and two the three go on and the two are provisional`() throws {
        let story = try Story("cut-3-2")
        let cut = try #require(story.moment { if case .partition = $0 { true } else { false } })
        let healed = try #require(story.moment { $0 == .heal })
        #expect(story.counts == [.down: 6, .up: 6])
        #expect(story.told.allSatisfy { $0.at > cut && $0.at < healed }, "the cut delays nothing")
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= soon })
        let two = Set(lonely(in: story))
        #expect(story.told.allSatisfy { !two.contains($0.process) })
        var provisional: [Int: Set<CheckID>] = [:]
        for report in story.reports {
            switch report.event {
            case .provisional(let check, .down):
                provisional[report.process, default: []].insert(check)
            case .flipped where report.at > cut && report.at < healed:
                #expect(!two.contains(report.process), "the two extend no chain")
            default: break
            }
        }
        #expect(Set(provisional.keys) == two)
        #expect(provisional.values.allSatisfy { $0.count == 6 }, "both own all, and say so")
    }

    @Test func `two that are cut off and blind raise no alarm, neither then nor later`() throws {
        let story = try Story("cut-3-2-blind")
        #expect(story.world.watch.receivers.acceptances.allSatisfy { $0.notice.kind == .mesh })
        #expect(story.world.watch.truth.flips.allSatisfy { $0.flip.state == .up })
    }

    @Test func `of two zones the one that is left goes on after the grace`() throws {
        let story = try Story("zone-lost-with-targets")
        let killed = try #require(story.moment { if case .kill = $0 { true } else { false } })
        #expect(story.counts == [.down: 6])
        #expect(story.told.allSatisfy { $0.at - killed >= .seconds(60) })
        // Until the dead are known to be dead, the grace, and two intervals.
        #expect(story.told.allSatisfy { $0.at - killed <= .seconds(60 + 35) + soon })
    }

    @Test func `a zone that has stopped counting delays nothing`() throws {
        let story = try Story("zone-lost-down") { $0.zones = 2 }
        #expect(story.counts == [.down: 6, .up: 6])
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= soon })
    }

    @Test func `who was cut off for longer than the dead are remembered misses nothing`() throws {
        let story = try Story("outlasted-cut") { $0.parameters.retention = .minutes(3) }
        let healed = try #require(story.moment { $0 == .heal })
        #expect(story.counts == [.down: 6, .up: 6])
        #expect(story.told.allSatisfy { $0.at < healed })
        let one = lonely(in: story)
        #expect(story.told.allSatisfy { !one.contains($0.process) })
        let running = story.world.runningCount
        #expect(running == 5)
        for check in 0..<6 {
            let held = story.world.watch.truth.held(of: check)
            #expect(held.count == 1, "all hold the same")
        }
    }

    // MARK: Who looks

    @Test func `when two of three owners share a zone another stands in for the third`() throws {
        // A seed in which the death is noticed late.
        let story = try Story("stand-ins", seed: 2) { $0.delay = 0 }
        let killed = try #require(story.moment { if case .kill = $0 { true } else { false } })
        let death = try #require(story.firstDeath)
        #expect(story.counts == [.down: 6])
        #expect(story.told.allSatisfy { $0.at < death }, "before anybody knows of the death")
        // The only other one of the dead owner's zone looks at what it did not own.
        let looks = story.looks.filter { $0.process == 3 }
        let owned = Set(
            looks.filter { $0.at < killed && $0.at > .zero + .seconds(20) }.map(\.check))
        #expect(looks.contains { $0.at > killed && $0.at < death && !owned.contains($0.check) })
    }

    @Test func `a streak goes on under new owners`() throws {
        let story = try Story("reowned-by-newcomers")
        #expect(story.counts == [.down: 6])
        // The delay of four intervals, one more look of the newcomers', and what is in `soon`.
        #expect(
            story.delays(.down, after: .refusing).allSatisfy { $0 <= .seconds(60) + .seconds(4) })
        let newcomers = Set(story.looks.filter { $0.process >= 5 }.map(\.check))
        #expect(!newcomers.isEmpty, "some own something")
    }

    @Test func `an owner's death in the middle of a streak costs at most its delay`() throws {
        let story = try Story("reowned")
        #expect(story.counts == [.down: 6])
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= .seconds(85) })
    }

    @Test func `where all owners must agree another takes a dead one's place`() throws {
        let story = try Story("quorum-all")
        #expect(story.counts == [.down: 6])
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= soon })
    }

    // MARK: What is an outage

    @Test func `a thousand targets that fail in one second are all told within thirty`() throws {
        let story = try Story("many-fail", checks: 1_000, until: .seconds(180)) { $0.delay = 0 }
        #expect(story.counts == [.down: 1_000, .up: 1_000])
        #expect((0..<1_000).allSatisfy { story.states(of: $0) == [.down, .up] })
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= .seconds(30) })
    }

    @Test func `a thousand that one node's dead uplink shows down are told to nobody`() throws {
        let story = try Story("uplink-dies", checks: 1_000, until: .seconds(230)) { $0.delay = 0 }
        #expect(story.world.watch.receivers.acceptances.isEmpty)
        #expect(story.world.watch.truth.flips.allSatisfy { $0.flip.state == .up })
        #expect(story.looks.filter { $0.state == .down }.count >= 400, "it saw them down")
    }

    @Test func `a dissenter that dies with its dissent standing is no half of an outage`() throws {
        let story = try Story("dissenter-dies")
        let killed = try #require(story.moment { if case .kill = $0 { true } else { false } })
        #expect(story.told.isEmpty)
        #expect(story.world.watch.truth.flips.allSatisfy { $0.flip.state == .up })
        let before = story.looks.filter { $0.state == .down && $0.at < killed }
        let later = story.looks.filter { $0.state == .down && $0.at > killed }
        #expect(Set(before.map(\.process)).count == 1)
        #expect(Set(later.map(\.process)).isDisjoint(with: before.map(\.process)))
        let shared = Set(later.map(\.check)).intersection(before.map(\.check))
        #expect(!shared.isEmpty, "both saw one target down, each in its time")
    }

    @Test func `a target that fails from one zone only is no outage`() throws {
        let story = try Story("one-zone-sees")
        let failedForAll = try #require(story.moment { $0 == .target(0, .refusing) })
        #expect(story.counts == [.down: 6])
        #expect(story.told.allSatisfy { $0.at > failedForAll - .seconds(1) })
        #expect(story.looks.contains { $0.state == .down && $0.at < failedForAll - .seconds(1) })
    }

    @Test func `what does not last is no outage where it has to`() throws {
        let story = try Story("delay")
        #expect(story.told.map(\.check).sorted() == [0, 2, 4])
        // Three further intervals, counted from a look that the first dissent has pulled forward:
        // the second owner's own turn would come a third of an interval later.
        let delays = story.delays(.down, after: .hanging)
        #expect(delays.allSatisfy { $0 >= .seconds(30) && $0 <= .seconds(40) })
    }

    @Test func `a flapping target is told in pairs, and rightly in the end`() throws {
        let story = try Story("flapping-target")
        for check in 0..<6 {
            let states = story.states(of: check)
            let pairs = (0..<states.count).map { $0.isMultiple(of: 2) ? TargetState.down : .up }
            #expect(states == pairs, "check \(check)")
            #expect(states.count.isMultiple(of: 2), "check \(check) is up in the end")
            // Five minutes: a change is told after a further interval at the soonest.
            #expect(states.count <= 30)
        }
        #expect(!story.told.isEmpty)
    }

    @Test func `a definition that changes in an outage and back leaves one incident`() throws {
        let story = try Story("redefined")
        #expect(story.counts == [.down: 6, .up: 6])
        for check in 0..<6 {
            let notices = story.told.filter { $0.check == check }.map(\.notice)
            #expect(notices.map(\.state) == [.down, .up])
            #expect(notices.map(\.epoch) == [2, 3])
            #expect(Set(notices.map(\.incident)).count == 1)
        }
    }

    // MARK: Beginnings

    @Test(arguments: 1...4)
    func `five nodes that start in any order have one history`(seed: UInt64) throws {
        let story = try Story("any-order", seed: seed)
        #expect(story.counts == [.down: 6, .up: 6])
        for check in 0..<6 {
            let held = story.world.watch.truth.held(of: check)
            #expect(held.count == 1)
        }
        let births = Set(
            (0..<6).compactMap { story.world.watch.truth.held(of: $0).first }
                .map { story.world.watch.truth.flips[Int($0)].flip.birth })
        #expect(births.count == 1)
    }

    @Test func `an outage through which all nodes were killed is told once`() throws {
        let story = try Story("all-killed")
        #expect(story.counts == [.down: 6, .up: 6])
        #expect((0..<6).allSatisfy { story.states(of: $0) == [.down, .up] })
    }

    @Test func `a mesh that loses all disks begins anew and tells what is down again`() throws {
        let story = try Story("all-disks-lost")
        #expect((0..<6).allSatisfy { story.states(of: $0) == [.down, .down, .up] })
        #expect(Set(story.told.map(\.notice.id)).count == 18)
    }

    @Test func `while a clone lives neither of the two counts, and the others tell`() throws {
        let story = try Story("clone-down")
        #expect(story.counts == [.down: 6, .up: 6])
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= soon })
    }

    /// Who was on the lonely side of the only cut.
    private func lonely(in story: Story) -> [Int] {
        for entry in story.world.setup.plan.entries {
            if case .partition(let groups) = entry.fault {
                return groups.indices.filter { groups[$0] == 1 }
            }
        }
        return []
    }
}
