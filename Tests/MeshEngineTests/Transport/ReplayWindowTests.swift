import MeshCore
import Testing

@testable import MeshEngine

@Suite struct ReplayWindowTests {
    @Test func `a counter is new once`() {
        var window = ReplayWindow()
        #expect(window.isNew(5))
        window.accept(5)
        #expect(!window.isNew(5))
        #expect(window.isNew(4) && window.isNew(6))
    }

    @Test func `what is late but within the window is taken once`() {
        var window = ReplayWindow()
        window.accept(2_000)
        for counter in (2_001 - ReplayWindow.width)...1_999 {
            #expect(window.isNew(counter))
            window.accept(counter)
            #expect(!window.isNew(counter))
        }
        #expect(!window.isNew(2_000 - ReplayWindow.width), "too old to tell")
    }

    @Test func `a jump forgets nothing that could come back`() {
        var window = ReplayWindow()
        window.accept(1)
        window.accept(1_000_000)
        #expect(!window.isNew(1) && !window.isNew(1_000_000))
        #expect(window.isNew(999_999))
    }

    @Test func `it agrees with a plain set through random use`() {
        var generator = SeededGenerator(seed: 3)
        var window = ReplayWindow()
        var seen: Set<UInt64> = []
        var highest: UInt64 = 0
        for _ in 0..<20_000 {
            let counter = highest &+ UInt64(generator.index(below: 1_500)) &- min(highest, 1_100)
            let expected =
                seen.isEmpty || counter > highest
                || (highest - counter < ReplayWindow.width && !seen.contains(counter))
            #expect(window.isNew(counter) == expected)
            if expected {
                window.accept(counter)
                seen.insert(counter)
                highest = max(highest, counter)
            }
        }
    }
}
