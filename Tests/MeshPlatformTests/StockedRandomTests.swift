import MeshPlatform
import Testing

@Suite struct StockedRandomTests {
    @Test func `no word is given twice, over several stocks`() {
        var chance = StockedRandom()
        let words = (0..<100).map { _ in chance.next() }
        #expect(Set(words).count == 100)
        #expect(!words.contains(0))
    }
}
