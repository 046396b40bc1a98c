import MeshCore
import Testing

@testable import MeshEngine

/// Section 5, *Settled*, clause by clause.
@Suite struct SettlingTests {
    private static let start = Instant(nanoseconds: 3_600_000_000_000)

    private static func settling(
        isAlone: Bool = false, hasTruthSynced: Bool = true, lastChange: Instant = start
    ) -> Settling {
        var settling = Settling(isAlone: isAlone)
        settling.hasTruthSynced = hasTruthSynced
        settling.lastChange = lastChange
        _ = settling.consider(hasMemberSynced: false, seedsAreSettled: false, now: start)
        return settling
    }

    @Test func `a node alone by configuration is settled at once`() {
        #expect(Self.settling(isAlone: true, hasTruthSynced: false).isSettled)
    }

    @Test(arguments: [(false, true, true), (true, false, true), (true, true, false)])
    func `each of lists, dossiers and named peers is waited for, however long`(
        lists: Bool, dossiers: Bool, seeds: Bool
    ) {
        var settling = Self.settling(hasTruthSynced: dossiers)
        let later = Self.start + .hours(1)
        let next = settling.consider(
            hasMemberSynced: lists, seedsAreSettled: seeds, now: later)
        #expect(!settling.isSettled)
        #expect(next.map { $0 > later } == true)
    }

    @Test func `the list must be at rest for two seconds`() {
        var settling = Self.settling(lastChange: Self.start + .seconds(3))
        let next = settling.consider(
            hasMemberSynced: true, seedsAreSettled: true, now: Self.start + .seconds(4))
        #expect(next == Self.start + .seconds(5))
        _ = settling.consider(
            hasMemberSynced: true, seedsAreSettled: true, now: Self.start + .seconds(5))
        #expect(settling.isSettled)
    }

    @Test func `a list that never rests is waited for ten seconds`() {
        var settling = Self.settling(lastChange: Self.start + .milliseconds(9_900))
        _ = settling.consider(
            hasMemberSynced: true, seedsAreSettled: true, now: Self.start + .milliseconds(9_950))
        #expect(!settling.isSettled)
        _ = settling.consider(
            hasMemberSynced: true, seedsAreSettled: true, now: Self.start + .seconds(10))
        #expect(settling.isSettled)
    }
}
