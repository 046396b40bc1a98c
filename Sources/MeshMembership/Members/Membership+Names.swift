import MeshCore

// Names are unique among those who count. Every node decides alike, from the set of members alone.

extension Membership {
    /// Decides who holds `name`: of the living the oldest key (the lower id if they were made in
    /// the same second), and where nobody lives, the last who took it. All others stop counting.
    /// With a roster only listed keys hold names.
    mutating func settleName(_ name: Label) {
        let holders = table.positions(named: name)
        guard holders.count > 1 else {
            if let only = holders.first { table[only].marks.subtract([.nameless, .nameShared]) }
            return
        }
        let listed = holders.filter { isListed(table[$0].key) }
        let eligible = listed.isEmpty ? holders : listed
        let living = eligible.filter { table[$0].isReachable }
        func isOlder(_ left: Int, _ right: Int) -> Bool {
            (table[left].born, table[left].id) < (table[right].born, table[right].id)
        }
        guard let keeper = living.min(by: isOlder) ?? eligible.max(by: isOlder) else { return }
        for holder in holders {
            table[holder].marks.insert(.nameShared)
            let wasNameless = table[holder].marks.contains(.nameless)
            if holder == keeper {
                table[holder].marks.remove(.nameless)
            } else if !wasNameless {
                table[holder].marks.insert(.nameless)
                reportLoss(of: name, keeper: table[keeper], loser: table[holder])
            }
        }
    }

    private mutating func reportLoss(of name: Label, keeper: Member, loser: Member) {
        if loser.isReachable {
            report(.nameConflict(name, keeper: keeper.id, loser: loser.id))
        } else {
            report(.nameTaken(name, by: keeper.id, from: loser.id))
        }
    }
}
