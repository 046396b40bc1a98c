import MeshChecks
import MeshCore
import MeshPlacement
import Testing

/// How evenly checks lie on nodes, how few of them move, and what that costs.
@Suite struct PlacementShareTests {
    private func mesh(nodes: Int, checks: Int) -> Placement {
        var placement = Placement()
        placement.join(0..<nodes)
        placement.addChecks(0..<checks)
        _ = placement.settle()
        return placement
    }

    private func owners(_ placement: Placement, checks: Int) -> [[NodeID]] {
        (0..<checks).map { placement.owners(of: check($0)) }
    }

    @Test(arguments: [1_000, 10_000])
    func `no node of fifty owns more than 1.6 times its share`(checks: Int) {
        var loads: [NodeID: Int] = [:]
        for owners in owners(mesh(nodes: 50, checks: checks), checks: checks) {
            for owner in owners { loads[owner, default: 0] += 1 }
        }
        let most = loads.values.max() ?? 0
        #expect(loads.count == 50)
        #expect(most * 50 * 10 <= 3 * checks * 16, "\(most) of \(3 * checks)")
    }

    @Test func `a join moves the checks that the joiner is among the lowest of, one owner each`() {
        var placement = mesh(nodes: 50, checks: 1_000)
        let before = owners(placement, checks: 1_000)
        placement.set(50)
        let changed = Set(placement.settle())
        let after = owners(placement, checks: 1_000)
        for number in 0..<1_000 {
            let joined = after[number].contains(node(50))
            #expect(changed.contains(check(number)) == joined)
            let stayed = after[number].filter { $0 != node(50) }
            #expect(stayed == Array(before[number].prefix(joined ? 2 : 3)))
        }
        #expect((20...120).contains(changed.count), "\(changed.count)")
    }

    @Test(arguments: [false, true])
    func `a leave or a death moves what the node owned, and a spare steps in behind`(dies: Bool) {
        var placement = mesh(nodes: 50, checks: 1_000)
        let before = owners(placement, checks: 1_000)
        if dies { placement.set(7, isReachable: false) } else { placement.remove(node(7)) }
        let changed = Set(placement.settle())
        let after = owners(placement, checks: 1_000)
        for number in 0..<1_000 {
            let owned = before[number].contains(node(7))
            #expect(changed.contains(check(number)) == owned)
            let stayed = before[number].filter { $0 != node(7) }
            #expect(Array(after[number].prefix(owned ? 2 : 3)) == stayed)
            #expect(after[number].count == 3)
        }
        #expect(placement.knownCount == (dies ? 50 : 49))
    }

    /// Added one by one, as the arrays grow least tidily.
    @Test(arguments: [1_000, 1_050, 20_000])
    func `a check with three owners costs at most 120 bytes`(checks: Int) {
        var placement = Placement()
        placement.join(0..<10)
        _ = placement.settle()
        let before = placement.storageByteCount
        for number in 0..<checks {
            placement.addChecks(number..<number + 1)
            if number % 100 == 0 { _ = placement.settle() }
        }
        _ = placement.settle()
        let bytes = placement.storageByteCount - before
        #expect(bytes <= 120 * checks, "\(bytes / checks) bytes")
    }
}
