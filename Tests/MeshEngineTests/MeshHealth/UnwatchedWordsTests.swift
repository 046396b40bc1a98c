import MeshChecks
import MeshCore
import MeshNotices
import Testing

@testable import MeshEngine

/// What people read of checks at which too few look, in the bytes that there are.
struct UnwatchedWordsTests {
    private static let why = "2 must agree, 0 of 3 owners look; k2, k3, k4: could not look"

    private static func words(_ checks: [(name: String, why: String, told: String)])
        -> UnwatchedWords
    {
        var words = UnwatchedWords()
        for check in checks { words.add(check.name, check.why, told: check.told) }
        return words
    }

    @Test func `checks that lack the same share the reason, and what all say is said once`() {
        let told = "k4 says: no such program"
        let all = Self.words([("a", Self.why, told), ("b", "zones", ""), ("c", Self.why, told)])
        #expect(all.text(atMost: 320) == "a, c (\(Self.why); \(told)), b (zones)")
        // Not the same of all.
        let some = Self.words([("a", Self.why, told), ("c", Self.why, "k4 says: no route")])
        #expect(some.text(atMost: 320) == "a, c (\(Self.why))")
    }

    @Test func `what has no room is counted: first what a node says, then names`() {
        let names = (0..<30).map { "check-number-\($0)" }
        let words = Self.words(names.map { ($0, Self.why, "k4 says: it is not there") })
        let text = words.text(atMost: 160, of: 40)
        #expect(text.utf8.count <= 160)
        #expect(
            text == names.prefix(5).joined(separator: ", ") + " (\(Self.why)) and 35 more")
        let long = Self.words([("a", Self.why + " and on it goes", "")])
        #expect(long.text(atMost: 40) == "a (2 must agree, 0 of 3 owners look; …")
        #expect(long.text(atMost: 0).isEmpty)
        #expect(UnwatchedWords().text(atMost: 100).isEmpty)
    }

    @Test func `what one node has made another reads, whatever is in it`() {
        let made = Self.words([
            ("a", Self.why, "k4 says: it said (so) and: 3"), ("b", "zones", ""),
            ("c", Self.why, "k4 says: it said (so) and: 3"),
        ]).text(atMost: 320)
        #expect(made.contains("k4 says: it said [so] and: 3"))
        var read = UnwatchedWords()
        read.read(made)
        #expect(read.text(atMost: 320) == made)
        for text in ["", "(", ")", "((", "a (", "a)b(c", ", ,", " (x) ", "a (b; c says: d", "é,(é"]
        {
            var words = UnwatchedWords()
            words.read(text)
            for limit in 0..<20 { #expect(words.text(atMost: limit).utf8.count <= limit) }
        }
    }

    @Test func `a notice's reason names what has room and counts the rest`() {
        func said(_ number: UInt64, _ names: [String]) -> (node: NodeID, report: NodeReport) {
            let words = Self.words(names.map { ($0, Self.why, "k\(number) says: so") })
            return (
                NodeID(Bytes16(high: number, low: 0)),
                NodeReport(
                    .unwatchedChecks, RecordText(words.text(atMost: NodeReport.textByteCountMax)),
                    unwatched: NodeReport.Unwatched(
                        word: 1, first: 1, count: names.count, added: names.count, unmarked: 0,
                        marks: []))
            )
        }
        let reports = [
            said(1, ["e-noexec", "e-interp", "e-unknown"]), said(2, ["other", "further-one"]),
        ]
        let sight = UnwatchedSight(reports: reports, group: reports.map(\.node))
        let text = sight.words(under: 1, missing: "")
        let wanted = "5 checks are not watched: e-noexec, e-interp, e-unknown, other, further-one"
        #expect(text == "\(wanted) (\(Self.why))")
        #expect(Reason(text).text == text)
        let missing = sight.words(under: 1, missing: "some-far-node, another-far-node")
        #expect(missing.hasSuffix("e-noexec, e-interp (\(Self.why)) and 3 more"))
        #expect(Reason(missing).text == missing)
    }
}
