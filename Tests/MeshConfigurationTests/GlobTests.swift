import Testing

@testable import MeshConfiguration

struct GlobTests {
    @Test(arguments: [
        ("*", "", true), ("*", "anything", true), ("web-*", "web-1", true), ("web-*", "web", false),
        ("?", "a", true), ("?", "", false), ("?", "ab", false), ("a?c", "abc", true),
        ("*a*b*", "xaxbx", true), ("*a*b*", "xbxax", false), ("a*b", "aXbXb", true),
        ("a**b", "ab", true), ("A", "a", false), ("ü?", "üü", true),
        ("*.example", "a.b.example", true),
        ("", "", true), ("", "a", false),
    ])
    func `a glob matches what it should`(pattern: String, name: String, matches: Bool) {
        #expect(Glob(pattern).matches(name) == matches)
    }

    @Test func `no glob takes long`() {
        let name = String(repeating: "a", count: 128)
        #expect(!Glob(String(repeating: "*a", count: 64) + "b").matches(name))
    }

    @Test(arguments: [
        ("interval", "interval", 0), ("intervall", "interval", 1), ("inteval", "interval", 1),
        ("intevral", "interval", 1), ("INTERVAL", "interval", 0), ("", "abc", 3), ("abc", "", 3),
        ("kitten", "sitting", 3),
    ])
    func `edits are counted, a swap of neighbours as one`(left: String, right: String, count: Int) {
        #expect(NearestWord.distance(left, right) == count)
    }
}
