import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts
import Testing

@testable import MeshSimulator

/// What the stories about telling are there to show: six outages and six recoveries to one contact,
/// once each, whatever becomes of the sender.
struct TellingStoryTests {
    /// From a flip to its acceptance, if the one or two who should send are struck: a lease of four
    /// seconds or three rungs of one and a half, and the sending.
    private let patience = TimeSpan.seconds(8)

    @Test(arguments: ["sender-killed-before-claim", "sender-killed-after-claim", "claimant-paused"])
    func `a sender that is struck before its request has left costs nothing but time`(
        name: String
    ) throws {
        let story = try Story(name)
        #expect(story.told.count == 12)
        #expect((0..<6).allSatisfy { story.states(of: $0) == [.down, .up] })
        #expect(latencies(story).allSatisfy { $0 <= patience })
    }

    @Test(arguments: ["sender-killed-sending", "sender-killed-after-yes", "sender-paused"])
    func `a sender that is struck after its request has left costs one repetition at most`(
        name: String
    ) throws {
        let story = try Story(name)
        #expect(Set(story.told.map(\.notice.id)).count == 12)
        #expect(story.told.count <= 12 + 3, "three blows")
        let first = story.told.filter { !$0.isRepeated }
        #expect(first.map(\.notice.state).filter { $0 == .down }.count == 6)
        for repeated in story.told where repeated.isRepeated {
            let same = first.first { $0.notice.id == repeated.notice.id }
            #expect(same?.process != repeated.process, "another sent it again, under the same id")
        }
    }

    /// It hears of the flip within milliseconds, and of the receipt when dossiers are exchanged.
    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `an owner that slept while another told does not tell again when that one is gone`(
        seed: UInt64
    ) throws {
        let story = try Story("owner-wakes", seed: seed) { request in
            request.interval = .seconds(1)
            request.delay = 0
            request.confirmations = 2
        }
        #expect(story.told(.down).count == 6)
        #expect(story.told(.up).count == 6)
    }

    @Test func `a contact that only some know is told by one of them`() throws {
        let story = try Story("contact-unknown-to-most")
        #expect(story.counts == [.down: 6, .up: 6])
        let lacking = story.world.watch.skews.filter { $0.value.lacksContacts.contains(0) }.keys
        #expect(lacking.count == 3)
        #expect(story.told.allSatisfy { !lacking.contains($0.process) })
        #expect(latencies(story).allSatisfy { $0 <= patience }, "who does not know fails at once")
    }

    @Test func `one who only wants to hear of outages hears of nothing else`() throws {
        let story = try Story("one-sided-alerts")
        let states = (0..<3).map { contact in
            story.told.filter { $0.contact == contact }.map(\.notice.state)
        }
        #expect(states[0].count == 4 && Set(states[0]) == [.down, .up])
        #expect(states[1] == [.down, .down])
        #expect(states[2] == [.up, .up])
    }

    @Test func `who wants to hear of degraded hears of each step, others of the outage`() throws {
        let story = try Story("degraded")
        for check in 0..<6 {
            let isTold = check % 2 == 1
            #expect(
                story.states(of: check)
                    == (isTold ? [.degraded, .down, .degraded, .up] : [.down, .degraded]))
        }
    }

    @Test func `a provider that refuses one node costs that node's turn and no more`() throws {
        let story = try Story("provider-refuses-one")
        #expect(story.counts == [.down: 6, .up: 6])
        #expect(latencies(story).allSatisfy { $0 <= patience })
    }

    @Test(arguments: ["provider-refuses", "provider-hangs"])
    func `a provider that does not work is told everything once it does`(name: String) throws {
        let story = try Story(name)
        #expect(story.counts == [.down: 6])
    }

    @Test func `a provider whose answers are lost hears the same again under the same id`() throws {
        let story = try Story("provider-loses-answers")
        #expect(Set(story.told.map(\.notice.id)).count == 6)
        #expect(Set(story.told.map(\.notice.state)) == [.down])
    }

    /// From the first mint of each notice's flip to its first acceptance.
    private func latencies(_ story: Story) -> [TimeSpan] {
        story.told.filter { !$0.isRepeated }.compactMap { acceptance in
            story.world.watch.truth.number(of: acceptance.notice.flip)
                .map { acceptance.at - story.world.watch.truth.flips[$0].firstHeldAt }
        }
    }
}
