import MeshChecks
import MeshCore
import MeshEngine
import MeshNotices
import MeshVerdicts
import Testing

@testable import MeshSimulator

/// Up to Q - 1 liars of every kind: six targets fail for three minutes, one of the five nodes lies
/// from its start on, and what people hear is what there is to hear.
struct LyingStoryTests {
    /// Who lies about what it sees, or says too much, too little or the wrong thing.
    static let harmless = Lie.allCases.filter { !$0.isAboutTelling && $0 != .withholds }

    @Test(arguments: harmless)
    func `a liar that is no quorum neither invents an outage nor hides one`(lie: Lie) throws {
        let story = try story(of: lie)
        #expect(story.counts == [.down: 6, .up: 6])
        #expect((0..<6).allSatisfy { story.states(of: $0) == [.down, .up] })
        // A liar among the owners may cost a stand-in's delay.
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= .seconds(40) })
        let failed = try #require(story.moment { $0 == .target(0, .refusing) }) - .seconds(1)
        #expect(
            story.world.watch.truth.flips.allSatisfy {
                $0.firstHeldAt > failed || $0.flip.state == .up
            })
    }

    @Test func `who passes nothing on costs repetitions of what it tells itself`() throws {
        let story = try story(of: .withholds)
        #expect((0..<6).allSatisfy { Set(story.states(of: $0)) == [.down, .up] })
        #expect(Set(story.told.map(\.notice.id)).count == 12)
        let liar = try #require(story.world.watch.liars.keys.first)
        for repeated in story.told where repeated.isRepeated {
            let first = story.world.watch.receivers.firstAcceptance(of: repeated.notice.id)
            #expect(first?.process == liar, "nobody else tells twice")
        }
    }

    @Test func `who signs two verdicts under one number is found out, and nobody else`() throws {
        let story = try story(of: .equivocates)
        let liar = try #require(story.world.watch.liars.keys.first)
        let found = story.reports.compactMap { report -> NodeID? in
            guard case .equivocated(let node, _, _) = report.event else { return nil }
            return node
        }
        let identity = story.world.processes[liar].identity
        #expect(Set(found) == [story.world.identities.all[identity].id])
        let shown = story.world.processes.compactMap { $0.node?.provenEquivocations.map(\.node) }
        #expect(shown.contains { $0 == [story.world.identities.all[identity].id] })
    }

    @Test func `who claims everything and sends nothing delays what others then tell`() throws {
        let story = try story(of: .claimsEverything)
        #expect(story.counts == [.down: 6, .up: 6])
        let liar = try #require(story.world.watch.liars.keys.first)
        #expect(story.told.allSatisfy { $0.process != liar })
        #expect(story.delays(.down, after: .refusing).allSatisfy { $0 <= .seconds(60) })
    }

    @Test(arguments: [Lie.claimsToHaveSent, .fakesReceipts])
    func `what a liar has signed for as sent is told by nobody else, and bears its name`(
        lie: Lie
    ) throws {
        let story = try story(of: lie)
        let liar = try #require(story.world.watch.liars.keys.first)
        let id = story.world.identities.all[story.world.processes[liar].identity].id
        // Who is said to have sent what nobody has received.
        let accepted = Set(story.told.map(\.notice.id))
        var senders: [NoticeID: NodeID?] = [:]
        for report in story.noticeReports {
            guard case .changed(let view) = report.event, view.status == .sent,
                view.notice.kind == .flip, view.notice.epoch > 1, !accepted.contains(view.notice.id)
            else { continue }
            senders[view.notice.id] = view.node
        }
        #expect(!senders.isEmpty && senders.values.allSatisfy { $0 == id })
        #expect(Set(accepted).count + senders.count == 12, "all others were told")
    }

    @Test func `calls to look are followed twice a second for a check, and no more`() throws {
        let story = try story(of: .floodsHints)
        let liar = try #require(story.world.watch.liars.keys.first)
        var counts: [String: Int64] = [:]
        for look in story.looks where look.process != liar {
            counts["\(look.process) \(look.check)", default: 0] += 1
        }
        let seconds = story.world.setup.duration.milliseconds / 1_000
        #expect(counts.values.contains { $0 > seconds / 5 }, "they are followed")
        // Two a second, and the owner's own look in each interval.
        #expect(counts.values.allSatisfy { $0 <= seconds * 2 + seconds / 10 })
    }

    private func story(of lie: Lie) throws -> Story {
        let scenario = try #require(
            ScenarioCatalog.lying.first {
                $0.setup(.init(nodes: 5)).watch.liars.values.contains(lie)
            })
        let story = try Story(scenario.name, seed: 2)
        let liars = story.world.watch.liars.keys
        #expect(liars.count == 1, "a quorum is two")
        #expect(liars.allSatisfy { story.world.liesTold(by: $0) > 0 }, "it lied")
        return story
    }
}
