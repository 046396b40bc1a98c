import MeshChecks
import MeshCore
import Testing

@testable import MeshSimulator

/// Every story about checks, small: no promise is broken, and telling is as fast as it must be.
/// What each story is there to show is in `DecidingStoryTests`, `TellingStoryTests` and
/// `LyingStoryTests`; they run without loss.
struct WatchingScenarioTests {
    @Test(arguments: ScenarioCatalog.watching.map(\.name))
    func `no promise is broken in a story about checks on a network that loses packets`(
        name: String
    ) throws {
        _ = try Story(name, loss: 50_000, seed: 11)
    }

    @Test(arguments: ["steady", "chaos", "clone", "zone-lost", "rolling-restart", "no-disk"])
    func `no promise is broken where nodes come and go and targets fail`(name: String) throws {
        _ = try Story(name, checks: 20, seed: 7)
    }

    // MARK: How fast

    @Test func `the first request leaves soon after a target has stopped`() throws {
        let detection = try Story("prompt", checks: 10, Self.hurry).simulation.alerts.detection
        #expect(detection.count == 10)
        #expect(try #require(detection.median) <= 0.6)
        #expect(try #require(detection.max) <= 1.8)
    }

    @Test func `it leaves soon even if the first owner dies with the target`() throws {
        let story = try Story("prompt-first-owner-killed", checks: 10, Self.hurry)
        #expect(story.simulation.alerts.detection.count == 10)
        #expect(try #require(story.simulation.alerts.detection.max) <= 6)
    }

    private static func hurry(_ request: inout Scenario.Request) {
        request.interval = .seconds(1)
        request.delay = 0
    }
}
