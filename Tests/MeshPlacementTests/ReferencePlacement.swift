import MeshChecks
import MeshCore
import MeshPlacement

/// Placement as the design words it, computed anew for every question: sorted lists and nothing
/// kept. What is clever in `Placement` has to agree with this.
struct ReferencePlacement {
    var members: [NodeID: PlacementMember] = [:]
    var confirmations: [CheckID: Int] = [:]
    var declining: Set<Decline> = []

    struct Decline: Hashable {
        var node: NodeID
        var check: CheckID
    }

    mutating func remove(_ check: CheckID) {
        confirmations[check] = nil
        declining = declining.filter { $0.check != check }
    }

    mutating func remove(_ node: NodeID) {
        members[node] = nil
        declining = declining.filter { $0.node != node }
    }

    mutating func setDeclining(_ declines: Bool, node: NodeID, check: CheckID) {
        guard members[node] != nil, confirmations[check] != nil else { return }
        let decline = Decline(node: node, check: check)
        if declines { declining.insert(decline) } else { declining.remove(decline) }
    }

    func ranked(_ check: CheckID) -> [PlacementMember] {
        members.values.sorted { left, right in
            let scores = (Score(of: left.id, for: check), Score(of: right.id, for: check))
            return scores.0 == scores.1 ? left.id < right.id : scores.0 < scores.1
        }
    }

    func owners(of check: CheckID, confirmations: Int) -> [NodeID] {
        let able = ranked(check).filter {
            $0.isReachable && !declining.contains(Decline(node: $0.id, check: check))
        }
        var owners = Array(able.prefix(min(confirmations, members.count)))
        if owners.count >= 2, Set(owners.map(\.zone)).count == 1,
            let other = able.first(where: { $0.zone != owners[0].zone })
        {
            owners[owners.count - 1] = other
        }
        return owners.map(\.id)
    }

    func owners(of check: CheckID) -> [NodeID] {
        confirmations[check].map { owners(of: check, confirmations: $0) } ?? []
    }

    func confirmers(of check: CheckID, confirmations: Int) -> Roll {
        Roll(
            entries: ranked(check).prefix(min(confirmations, members.count) + 12).map {
                Roll.Entry(node: $0.id, zone: $0.zone)
            })
    }

    var allOwners: [CheckID: [NodeID]] {
        var all: [CheckID: [NodeID]] = [:]
        for check in confirmations.keys { all[check] = owners(of: check) }
        return all
    }
}

// What the tests of placement talk about.

func node(_ number: Int) -> NodeID {
    NodeID(
        Bytes16(
            high: StableHash.of(1, UInt64(number)), low: StableHash.of(2, UInt64(number))))
}

func check(_ number: Int) -> CheckID {
    CheckID(
        Bytes16(
            high: StableHash.of(3, UInt64(number)), low: StableHash.of(4, UInt64(number))))
}

func label(_ text: String) -> Label {
    guard let label = Label(text) else { fatalError("expected a zone, not \(text)") }
    return label
}

extension Placement {
    mutating func join(_ numbers: some Sequence<Int>, in name: String = "a") {
        for number in numbers { set(number, in: name) }
    }

    mutating func set(_ number: Int, in name: String = "a", isReachable: Bool = true) {
        update(PlacementMember(id: node(number), zone: label(name), isReachable: isReachable))
    }

    mutating func addChecks(_ numbers: Range<Int>, confirmations: Int = 3) {
        for number in numbers { add(check(number), confirmations: confirmations) }
    }
}
