import MeshChecks
import MeshCore
import MeshPlacement
import Testing

/// The one property that matters most: what is kept change by change is what a full computation
/// says, on every node and whatever happened before.
@Suite struct IncrementalPlacementTests {
    /// A mesh that many things happen to, seen by `Placement` and by the reference.
    private struct Story {
        var generator: SeededGenerator
        var placement = Placement()
        var reference = ReferencePlacement()
        var settled: [CheckID: [NodeID]] = [:]
        let nodes: Int
        let checks: Int
        let zones: Int
        let confirmationsMax: Int

        init(seed: UInt64) {
            generator = SeededGenerator(seed: seed)
            nodes = 1 + generator.index(below: 40)
            checks = 1 + generator.index(below: 12)
            zones = 1 + generator.index(below: 4)
            confirmationsMax = [2, 4, 8, 31][generator.index(below: 4)]
        }

        mutating func step() {
            let node = node(generator.index(below: nodes))
            let check = check(generator.index(below: checks))
            switch generator.index(below: 20) {
            case 0..<9:
                // Most are in the first zone, so that the zone rule has something to do.
                let isHome = generator.index(below: 4) > 0
                let zone = label("z\(isHome ? 0 : generator.index(below: zones))")
                let member = PlacementMember(
                    id: node, zone: zone, isReachable: generator.index(below: 4) > 0)
                placement.update(member)
                reference.members[node] = member
            case 9, 10, 11:
                placement.remove(node)
                reference.remove(node)
            case 12, 13, 14:
                let confirmations = 1 + generator.index(below: confirmationsMax)
                placement.add(check, confirmations: confirmations)
                reference.confirmations[check] = confirmations
            case 15:
                placement.remove(check)
                reference.remove(check)
            default:
                let declines = generator.index(below: 3) > 0
                placement.setDeclining(declines, node: node, check: check)
                reference.setDeclining(declines, node: node, check: check)
            }
        }

        mutating func settleAndCompare(_ place: String) {
            let changed = placement.settle()
            let owners = reference.allOwners
            let expected = owners.keys.filter { owners[$0] != settled[$0] ?? [] }.sorted()
            #expect(changed == expected, "\(place)")
            settled = owners
            compareOwners(place)
            let (placement, reference) = (placement, reference)
            let known = reference.members.values
            #expect(placement.knownCount == known.count)
            #expect(placement.reachableCount == known.count(where: \.isReachable))
            #expect(placement.knownZones == Set(known.map(\.zone)).sorted())
            #expect(
                placement.reachableZones
                    == Set(known.filter(\.isReachable).map(\.zone)).sorted())
            for number in 0..<nodes {
                #expect(placement.zone(of: node(number)) == reference.members[node(number)]?.zone)
            }
        }

        func compareOwners(_ place: String) {
            for number in 0..<checks {
                let id = check(number)
                #expect(placement.owners(of: id) == settled[id] ?? [], "\(place)")
            }
        }

        /// What is computed when asked for.
        mutating func compareScans(_ place: String) {
            let id = check(generator.index(below: checks))
            let confirmations = 1 + generator.index(below: confirmationsMax)
            let (placement, reference) = (placement, reference)
            #expect(
                placement.owners(of: id, confirmations: confirmations)
                    == reference.owners(of: id, confirmations: confirmations), "\(place)")
            #expect(
                placement.confirmers(of: id, confirmations: confirmations)
                    == reference.confirmers(of: id, confirmations: confirmations), "\(place)")
            let owners = placement.owners(of: id)
            compareConfirming(id, reference.confirmations[id] ?? confirmations, owners, place)
            let others = reference.ranked(id).filter(\.isReachable).map(\.id)
                .filter { !owners.contains($0) }
            #expect(
                Array(placement.ladder(of: id, owners: owners)) == owners + others, "\(place)")
        }

        /// With and without what is kept for the check.
        private func compareConfirming(
            _ id: CheckID, _ confirmations: Int, _ owners: [NodeID], _ place: String
        ) {
            let roll = reference.confirmers(of: id, confirmations: confirmations)
            for some in [[node(0)], owners, owners + [node(nodes - 1)]] {
                #expect(
                    placement.confirmingZones(of: some, for: id, confirmations: confirmations)
                        == some.map { roll.zone(of: $0) }, "\(place)")
            }
        }
    }

    @Test(arguments: [0, 200, 400])
    func `it is the full computation's answer after every batch of random changes`(
        firstSeed: UInt64
    ) {
        for seed in firstSeed..<firstSeed + 200 {
            var story = Story(seed: seed)
            for batch in 0..<60 {
                let place = "seed \(seed), batch \(batch)"
                let steps = [1, 1, 2, 5, 40][story.generator.index(below: 5)]
                for _ in 0..<steps { story.step() }
                story.compareOwners(place)
                story.settleAndCompare(place)
                story.compareScans(place)
            }
        }
    }

    @Test func `the order in which members and checks arrive makes no difference`() {
        var generator = SeededGenerator(seed: 3)
        var numbers = Array(0..<60)
        var first: [[NodeID]]?
        for round in 0..<20 {
            generator.shuffle(&numbers)
            var placement = Placement()
            if round % 2 == 0 { placement.addChecks(0..<50) }
            for number in numbers {
                placement.set(number, in: number % 9 == 0 ? "b" : "a")
                if generator.index(below: 3) == 0 { _ = placement.settle() }
            }
            if round % 2 == 1 { placement.addChecks(0..<50) }
            _ = placement.settle()
            let owners = (0..<50).map { placement.owners(of: check($0)) }
            #expect(owners == first ?? owners)
            first = owners
        }
    }

    @Test func `nothing noted is nothing changed, and a change undone in its batch is none`() {
        var placement = Placement()
        placement.join(0..<5)
        placement.addChecks(0..<20)
        #expect(placement.settle() == (0..<20).map(check).sorted())
        #expect(!placement.isUnsettled)
        #expect(placement.settle() == [])
        placement.remove(node(0))
        placement.set(0)
        placement.remove(check(3))
        placement.addChecks(3..<4)
        placement.set(1, isReachable: false)
        placement.set(1)
        #expect(placement.isUnsettled)
        #expect(placement.settle() == [])
    }

    @Test func `what a node declined is forgotten when it leaves`() {
        var placement = Placement()
        placement.join(0..<3)
        placement.addChecks(0..<1)
        _ = placement.settle()
        let owners = placement.owners(of: check(0))
        placement.setDeclining(true, node: node(1), check: check(0))
        #expect(placement.settle() == [check(0)])
        #expect(placement.owners(of: check(0)) == owners.filter { $0 != node(1) })
        #expect(placement.confirmers(of: check(0)).rank(of: node(1)) != nil)
        placement.remove(node(1))
        _ = placement.settle()
        placement.set(1)
        _ = placement.settle()
        #expect(placement.owners(of: check(0)) == owners)
    }
}
