import MeshCore
import Testing

@testable import MeshMembership

@Suite struct MemberTableTests {
    private func statement(_ number: UInt64, name: String? = nil, zone: String = "z")
        -> AliveStatement
    {
        AliveStatement(
            key: Character(number).key, name: Label(name ?? "n\(number)").unsafelyKnown,
            zone: Label(zone).unsafelyKnown, address: Character(number).address, generation: 1,
            bootID: BootID(number), incarnation: 0, born: 1, wireVersions: 1...1)
    }

    private func insert(_ number: UInt64, into table: inout MemberTable, name: String? = nil) {
        _ = table.insert(
            statement(number, name: name), Signature(r: .zero, s: .zero),
            id: Character(number).id, state: .alive, marks: [], since: .zero)
    }

    @Test func `it agrees with a dictionary through random insertion, change and removal`() {
        var generator = SeededGenerator(seed: 5)
        var table = MemberTable()
        var model: [UInt64: MemberState] = [:]
        insert(0, into: &table)
        for step in 0..<4_000 {
            let number = UInt64(1 + generator.index(below: 300))
            let position = table.position(of: Character(number).id)
            #expect((position != nil) == (model[number] != nil))
            switch (position, generator.index(below: 3)) {
            case (nil, _):
                insert(number, into: &table)
                model[number] = .alive
            case (let position?, 0):
                table.remove(at: position)
                model[number] = nil
            case (let position?, _):
                let state = MemberState.allCases[step % 5]
                table.setState(state, at: position, since: .zero)
                model[number] = state
            }
            #expect(table.count == model.count + 1)
            #expect(table.reachableOthersCount == model.values.count(where: \.isReachable))
            #expect(table.deadCount == model.values.count { $0 == .dead })
        }
        for (number, state) in model {
            let position = table.position(of: Character(number).id)
            #expect(position.map { table[$0].state } == state)
            #expect(
                position.map { table.positions(named: table[$0].name) } == position.map { [$0] })
        }
    }

    @Test func `what a member said of itself comes out as it went in`() {
        var table = MemberTable()
        insert(0, into: &table)
        var extended = statement(1, zone: "far")
        extended.extensionBytes = [1, 2, 3]
        _ = table.insert(
            extended, Signature(r: .zero, s: .zero), id: Character(1).id, state: .alive, marks: [],
            since: .zero)
        #expect(table.statement(at: 1) == extended)
        let moved = statement(1, name: "renamed", zone: "near")
        table.update(at: 1, with: moved, Signature(r: .zero, s: .zero))
        #expect(table.statement(at: 1) == moved)
        #expect(table.positions(named: moved.name) == [1])
        #expect(table.positions(named: extended.name) == [])
    }

    @Test func `a member costs at most 200 bytes with all that is kept for it`() {
        var table = MemberTable()
        var order = ProbeOrder()
        var generator = SeededGenerator(seed: 1)
        for number in 0..<1_000 {
            insert(UInt64(number), into: &table)
            order.insert(number, using: &generator)
        }
        let bytes = table.storageByteCount + order.storageByteCount
        #expect(bytes <= 200 * 1_000, "\(bytes / 1_000) bytes")
    }

    @Test func `members that move between zones leave no zone behind`() {
        var table = MemberTable()
        insert(0, into: &table)
        insert(1, into: &table)
        for round in 0..<70_000 {
            table.update(
                at: 1, with: statement(1, zone: "zone-\(round)"), Signature(r: .zero, s: .zero))
        }
        #expect(table.zone(of: table[1]).text == "zone-69999")
        #expect(table.zone(of: table[0]).text == "z")
    }
}

@Suite struct ProbeOrderTests {
    private func lap(
        _ order: inout ProbeOrder, _ generator: inout SeededGenerator, _ count: Int
    ) -> [Int] {
        (0..<count).compactMap { _ in order.next(using: &generator) { _ in true } }
    }

    @Test func `each member comes once per lap, in another order each lap`() {
        var order = ProbeOrder()
        var generator = SeededGenerator(seed: 2)
        for position in 1...40 { order.insert(position, using: &generator) }
        let first = lap(&order, &generator, 40)
        let second = lap(&order, &generator, 40)
        #expect(first.sorted() == Array(1...40))
        #expect(second.sorted() == Array(1...40))
        #expect(first != second)
    }

    @Test func `a newcomer is still probed within the lap that it joins`() {
        var order = ProbeOrder()
        var generator = SeededGenerator(seed: 3)
        for position in 1...10 { order.insert(position, using: &generator) }
        let begun = lap(&order, &generator, 5)
        order.insert(11, using: &generator)
        let rest = lap(&order, &generator, 6)
        #expect((begun + rest).sorted() == Array(1...11))
    }

    @Test func `a removed member's place is taken by the one that moved into it`() {
        var order = ProbeOrder()
        var generator = SeededGenerator(seed: 4)
        for position in 1...6 { order.insert(position, using: &generator) }
        order.remove(2, moved: 6)
        _ = lap(&order, &generator, 5)
        #expect(lap(&order, &generator, 5).sorted() == [1, 2, 3, 4, 5])
    }
}
