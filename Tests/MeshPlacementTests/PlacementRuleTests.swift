import MeshChecks
import MeshCore
import MeshPlacement
import Testing

/// Who owns a check, in the cases that the design names.
@Suite struct PlacementRuleTests {
    /// Nodes 0..<count by rank for check 0.
    private func ranked(_ count: Int) -> [Int] {
        (0..<count).sorted {
            Score(of: node($0), for: check(0)) < Score(of: node($1), for: check(0))
        }
    }

    /// The owners of check 0 in a settled mesh, as ranks.
    private func ownerRanks(
        of count: Int, confirmations: Int = 3, zones: [String], dead: Set<Int> = [],
        declining: Set<Int> = []
    ) -> [Int] {
        let ranked = ranked(count)
        var placement = Placement()
        placement.add(check(0), confirmations: confirmations)
        for (rank, number) in ranked.enumerated() {
            placement.set(number, in: zones[rank], isReachable: !dead.contains(rank))
            if declining.contains(rank) {
                placement.setDeclining(true, node: node(number), check: check(0))
            }
        }
        _ = placement.settle()
        return placement.owners(of: check(0)).map { owner in
            ranked.firstIndex { node($0) == owner } ?? -1
        }
    }

    @Test func `the owners are the lowest, in rank order`() {
        let zones = ["a", "b", "a", "b", "a", "b"]
        #expect(ownerRanks(of: 6, zones: zones) == [0, 1, 2])
        #expect(ownerRanks(of: 6, confirmations: 1, zones: zones) == [0])
        #expect(ownerRanks(of: 6, confirmations: 31, zones: zones) == [0, 1, 2, 3, 4, 5])
    }

    @Test func `the last pick skips to the lowest of another zone if there is one`() {
        #expect(ownerRanks(of: 6, zones: ["a", "a", "a", "a", "b", "c"]) == [0, 1, 4])
        #expect(
            ownerRanks(of: 20, zones: Array(repeating: "a", count: 19) + ["b"]) == [0, 1, 19])
        #expect(ownerRanks(of: 6, zones: Array(repeating: "a", count: 6)) == [0, 1, 2])
    }

    @Test func `owners that span two zones stay the lowest, whatever the zones are`() {
        #expect(ownerRanks(of: 6, zones: ["a", "b", "a", "c", "c", "c"]) == [0, 1, 2])
        #expect(ownerRanks(of: 6, zones: ["a", "a", "b", "c", "c", "c"]) == [0, 1, 2])
    }

    @Test func `one owner needs no second zone`() {
        #expect(ownerRanks(of: 3, confirmations: 1, zones: ["a", "b", "b"]) == [0])
        #expect(ownerRanks(of: 3, confirmations: 2, zones: ["a", "a", "b"]) == [0, 2])
    }

    @Test func `a zone that is dead, or declines, is none that the owners can span`() {
        let zones = ["a", "a", "a", "b", "b"]
        #expect(ownerRanks(of: 5, zones: zones, dead: [3, 4]) == [0, 1, 2])
        #expect(ownerRanks(of: 5, zones: zones, dead: [3]) == [0, 1, 4])
        #expect(ownerRanks(of: 5, zones: zones, dead: [3], declining: [4]) == [0, 1, 2])
    }

    @Test func `dead and declining members are passed over for the next rank`() {
        let zones = ["a", "b", "a", "b", "a"]
        #expect(ownerRanks(of: 5, zones: zones, dead: [0]) == [1, 2, 3])
        #expect(ownerRanks(of: 5, zones: zones, declining: [1]) == [0, 2, 3])
        #expect(ownerRanks(of: 5, zones: zones, dead: [0], declining: [2]) == [1, 3, 4])
    }

    @Test func `with fewer than R reachable all of them own, with none nobody`() {
        let zones = ["a", "a", "a"]
        #expect(ownerRanks(of: 3, zones: zones, dead: [1]) == [0, 2])
        #expect(ownerRanks(of: 3, zones: zones, dead: [0, 1, 2]) == [])
        #expect(ownerRanks(of: 1, zones: zones) == [0])
    }

    /// Two ids with one score for a check can be made; no two nodes are likely to have them, but
    /// all nodes must then agree still.
    @Test func `of equal scores the lower id is lower, however they came`() {
        let id = check(0)
        let target = node(7).bytes
        let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
        let sum =
            (target.high ^ id.bytes.low) &+ (target.low ^ id.bytes.high) &* multiplier
        let twins = (0..<8).map { number in
            let low = StableHash.of(9, UInt64(number))
            return NodeID(
                Bytes16(high: (sum &- (low ^ id.bytes.high) &* multiplier) ^ id.bytes.low, low: low)
            )
        }
        #expect(Set(twins.map { Score(of: $0, for: id) }).count == 1)
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var placement = Placement()
            placement.add(id, confirmations: 2)
            var present = Set(twins)
            var order = twins
            generator.shuffle(&order)
            for twin in order {
                placement.update(
                    PlacementMember(id: twin, zone: label("a"), isReachable: true))
                if generator.index(below: 2) == 0 { _ = placement.settle() }
            }
            for twin in order.prefix(generator.index(below: 7)) {
                placement.remove(twin)
                present.remove(twin)
                if generator.index(below: 2) == 0 { _ = placement.settle() }
            }
            for twin in order.prefix(2) where !present.contains(twin) {
                placement.update(
                    PlacementMember(id: twin, zone: label("a"), isReachable: true))
                present.insert(twin)
                if generator.index(below: 2) == 0 { _ = placement.settle() }
            }
            _ = placement.settle()
            #expect(placement.owners(of: id) == Array(present.sorted().prefix(2)))
            let roll = placement.confirmers(of: id)
            #expect(roll.entries.map(\.node) == present.sorted())
            #expect(roll.isRanked(for: id))
        }
    }

    /// A release that changed one of these would move every check of a mesh that is upgraded one
    /// node at a time, and no two nodes would agree who counts.
    @Test func `scores never change`() {
        let id = check(0)
        #expect(node(0).description == "ce7540f10cf7ebb94b0a01853b2c8f65")
        #expect(id.description == "f905470972f776e539be7e0861d0fd00")
        #expect(Score(of: node(0), for: id).value == 0x9F4F_024D_2356_E9FC)
        #expect(Score(of: node(1), for: id).value == 0x0E86_05B4_2B8B_60C2)
        #expect(Score(of: node(0), for: check(1)).value == 0xD9E9_EF78_FC1D_B5DF)
        #expect(Score(of: NodeID(.zero), for: CheckID(.zero)).value == 0)
        let ones = Bytes16(high: .max, low: .max)
        #expect(Score(of: NodeID(ones), for: CheckID(.zero)).value == 0xDE0A_564C_BCD0_60C4)
        #expect(ranked(10) == [1, 6, 4, 7, 9, 5, 0, 8, 2, 3])
    }

    @Test func `who counts are the R + 12 lowest known, the dead and declining among them`() {
        var placement = Placement()
        placement.join(0..<40, in: "a")
        placement.addChecks(0..<1)
        for number in 0..<20 { placement.set(number, in: "b", isReachable: false) }
        let ranked = ranked(40)
        placement.setDeclining(true, node: node(ranked[0]), check: check(0))
        _ = placement.settle()
        let roll = placement.confirmers(of: check(0))
        #expect(roll.entries.map(\.node) == ranked.prefix(15).map(node))
        #expect(roll.rank(of: node(ranked[14])) == 14)
        #expect(roll.rank(of: node(ranked[15])) == nil)
        #expect(roll.zone(of: node(ranked[3])) == label(ranked[3] < 20 ? "b" : "a"))
        #expect(placement.confirmers(of: check(0), slack: 0).entries.count == 3)
        #expect(placement.confirmers(of: check(1)).entries.isEmpty)
    }
}
