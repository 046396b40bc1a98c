import MeshCore
import MeshSimulator
import Testing

/// Seeds that once broke a promise, each with a line of its story. A new one is found by
/// `checkmesh-sim --seeds`, told by `--story`, and stays here when it is mended.
struct RegressionSeeds {
    struct Seed: Sendable, CustomTestStringConvertible {
        var scenario: String
        var seed: UInt64
        var nodes: Int
        var zones = 3
        var lossPerMillion = 0
        var checks = 0
        /// Where the rest shows nothing and costs much.
        var until: TimeSpan?
        /// False while the promise is still broken: the run is expected to fail, and to say so when
        /// it no longer does.
        var isMended = true
        var story: String

        var testDescription: String { "\(scenario) \(seed): \(story)" }
    }

    static let seeds: [Seed] = [
        Seed(
            scenario: "restored-equal", seed: 2, nodes: 5,
            story: "a restored disk leads to a generation that was used before; its larger boot id "
                + "made the node wait for a process of the past, dead for everybody, for ever"),
        Seed(
            scenario: "chaos", seed: 21, nodes: 5,
            story: "a collision raised a generation; a replay from before it was taken, because "
                + "its session, and the replay window with it, had been replaced"),
        Seed(
            scenario: "steady", seed: 2_003, nodes: 1,
            story: "both ends of a newcomer's first stream had the number 1; the simulator mixed "
                + "them up, and a mesh of one never took anybody in"),
        Seed(
            scenario: "chaos", seed: 3_024, nodes: 2, zones: 2, lossPerMillion: 400_000,
            story: "a restored disk met the words of two of its past starts within a minute, and "
                + "the node stopped for a clone that never was"),
        Seed(
            scenario: "chaos", seed: 3_030, nodes: 2, zones: 2, lossPerMillion: 100_000,
            story: "a restarted node remembered a later word of a dead member than the other had: "
                + "it never said so, and the two exchanged lists every five seconds for ever"),
        Seed(
            scenario: "clone", seed: 4_001, nodes: 1,
            story: "two clones alone in a mesh met once, took each other for an answering seed and "
                + "never spoke again"),
        Seed(
            scenario: "chaos", seed: 3_038, nodes: 3, zones: 2,
            story: "one that left just after a cut still took all others for dead and told nobody: "
                + "no promise was broken, but the invariant said so"),
        Seed(
            scenario: "chaos", seed: 3_024, nodes: 2, zones: 2,
            story: "a replay told a dead member's last word, which nobody had heard: it was to be "
                + "noticed dead again before there was time to"),
        Seed(
            scenario: "chaos", seed: 7_019, nodes: 5, zones: 2, lossPerMillion: 250_000,
            story: "a newcomer was told of the death of a former life, 49 ms after a restored disk "
                + "had started under that life's generation; the invariant called it false"),
        Seed(
            scenario: "chaos", seed: 7, nodes: 20, checks: 100,
            story: "a node cut off told that another is dead; the yes was lost, and when it was to "
                + "tell the end, its group had grown so large that it was not on the ladder"),
        Seed(
            scenario: "chaos", seed: 47, nodes: 20, checks: 100,
            story:
                "one side of a cut told that a node is well again; half a minute later the other "
                + "told that it is dead, under a lower revision, and nobody ever told its end"),
        Seed(
            scenario: "chaos", seed: 1, nodes: 20, lossPerMillion: 250_000, checks: 100,
            until: .seconds(20),
            story: "all had just met, and the invariant let only as many sign as own a check in a "
                + "mesh of one"),
        Seed(
            scenario: "chaos", seed: 38, nodes: 5, checks: 1_000, until: .minutes(2),
            story: "each side of a cut told that it has lost its quorum; the second did 5 s after "
                + "healing, not having noticed, and the invariant took both for one group"),
        Seed(
            scenario: "chaos", seed: 37, nodes: 5, lossPerMillion: 50_000, checks: 1_000,
            until: .minutes(4),
            story: "back from a cut, a node claimed 230 notices in one instant; reordered, most "
                + "fell behind the replay window, and it told outages after their recoveries"),
        Seed(
            scenario: "chaos", seed: 23, nodes: 20, lossPerMillion: 250_000, checks: 100,
            until: .minutes(1),
            story: "a clone that had raised the generation was killed before its original heard of "
                + "that; it was dead, and the invariant called it false"),
        Seed(
            scenario: "chaos", seed: 126, nodes: 5, lossPerMillion: 250_000, checks: 1_000,
            until: .minutes(5),
            story: "half of the mesh was within reach, with its lowest id; the invariant found a "
                + "lower one, which the minter's own name had had under a former key"),
        Seed(
            scenario: "chaos", seed: 211, nodes: 20, lossPerMillion: 250_000, checks: 100,
            until: .minutes(3),
            story: "back from a cut, an owner heard of the last flip before it heard that the one "
                + "before was told as the end, and told an end again: the others had nothing to "
                + "tell and said yes to its claim"),
        Seed(
            scenario: "chaos", seed: 9_013, nodes: 20, lossPerMillion: 50_000, checks: 100,
            until: .seconds(310),
            story: "who had taken a dead node's name left again; the invariant counted the dead "
                + "one once more, and called a majority of 11 of 21 a minority"),
        Seed(
            scenario: "chaos", seed: 9_024, nodes: 5, lossPerMillion: 250_000, checks: 100,
            until: .minutes(3),
            story: "two of four had the lowest id among them; the invariant left out the asker's "
                + "own key under its name, and took its lost one, which was lower, for the lowest"),
        Seed(
            scenario: "chaos", seed: 9_132, nodes: 5, lossPerMillion: 250_000, checks: 100,
            until: .seconds(230),
            story: "an owner that had signed degraded saw the target up; who had only the first "
                + "word minted degraded, it itself up, 12 ms apart: a fork that the design ends"),
        Seed(
            scenario: "chaos", seed: 3_028, nodes: 5, lossPerMillion: 250_000, checks: 1_000,
            until: .seconds(248),
            story: "one of two that had lost the quorum told so and left; the other, alone, told "
                + "it once more under its own name"),
        Seed(
            scenario: "chaos", seed: 4_015, nodes: 5, lossPerMillion: 250_000, checks: 100,
            story: "a node cut off alone went on trying to tell that another is dead, and got "
                + "through a tenth of a second after the others had told that it is well again"),
        Seed(
            scenario: "chaos", seed: 40_105, nodes: 5, lossPerMillion: 50_000, checks: 100,
            until: .seconds(187),
            story: "every yes to a recovery was lost, so the next flip told the outage's end once "
                + "more; the invariant took the first end for known"),
        Seed(
            scenario: "chaos", seed: 40_519, nodes: 5, checks: 100, until: .seconds(239),
            story: "the sender's datagrams were blocked before its receipt left, and another told "
                + "again; the invariant did not count that as a cut"),
        Seed(
            scenario: "chaos", seed: 42, nodes: 5, lossPerMillion: 250_000, checks: 100,
            until: .seconds(36),
            story: "a node's datagrams were blocked until 69 ms before the end of a last look at "
                + "it; the invariant expected the look to have had them"),
        Seed(
            scenario: "chaos", seed: 51_006, nodes: 20, lossPerMillion: 250_000, checks: 100,
            until: .seconds(273),
            story: "nine seconds after it was cut off alone a node had not noticed that its group "
                + "was gone, and told its view; the invariant gave it seven"),
        Seed(
            scenario: "chaos", seed: 51_023, nodes: 20, lossPerMillion: 250_000, checks: 100,
            until: .seconds(156),
            story: "the first word of unwatched checks was decided on eight seconds before it was "
                + "tried, and the invariant counted from the try to the second"),
        Seed(
            scenario: "chaos", seed: 50_102, nodes: 5, lossPerMillion: 50_000, checks: 100,
            until: .seconds(217),
            story: "a liar put an old head, which was larger, into a full datagram"),
    ]

    @Test(arguments: seeds)
    func `what once went wrong goes right`(seed: Seed) throws {
        let scenario = try #require(ScenarioCatalog.scenario(named: seed.scenario))
        var request = Scenario.Request(
            nodes: seed.nodes, zones: seed.zones, lossPerMillion: seed.lossPerMillion,
            duration: .minutes(10), seed: seed.seed)
        request.checks = seed.checks
        let simulation = Simulation(scenario, request)
        if let until = seed.until {
            while simulation.world.now < .zero + until, simulation.step() {}
        } else {
            _ = simulation.run()
        }
        let violations = simulation.log.first.map(\.text)
        if seed.isMended {
            #expect(violations.isEmpty)
        } else {
            withKnownIssue { #expect(violations.isEmpty) }
        }
    }
}
