import MeshCore
import Testing

@Suite struct WallTimeTextTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(UInt64, String)])
    func `a time and its text stand for one another`(_ milliseconds: UInt64, _ text: String) {
        #expect(WallTime(milliseconds: milliseconds).rfc3339 == text)
        #expect(WallTime(rfc3339: text) == WallTime(milliseconds: milliseconds))
    }

    @Test func `a day of every month of four centuries comes back`() {
        var milliseconds: UInt64 = 0
        while milliseconds < 400 * 366 * 86_400_000 {
            let time = WallTime(milliseconds: milliseconds)
            #expect(WallTime(rfc3339: time.rfc3339) == time)
            milliseconds += 29 * 86_400_000 + 12_345_678
        }
    }

    @Test func `a time beyond four digits of years is written as the last there is`() {
        #expect(WallTime(milliseconds: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
    }

    @Test(
        arguments: [
            ("2026-01-01T01:30:00+01:30", 1_767_225_600_000),
            ("2025-12-31t23:00:00.5-01:00", 1_767_225_600_500),
            ("2026-01-01 00:00:00.123456789z", 1_767_225_600_123),
        ] as [(String, UInt64)])
    func `offsets and fractions are read`(_ text: String, _ milliseconds: UInt64) {
        #expect(WallTime(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00+1:00",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "２０26-01-01T00:00:00Z",
    ])
    func `what is no time is none`(_ text: String) {
        #expect(WallTime(rfc3339: text) == nil)
    }
}
