import MeshCore

/// Every member this node has heard of, itself at position 0, found by id in constant time.
///
/// Positions are 16 bits and change only when a member is removed, which moves the last one into
/// the gap; whoever keeps positions (the probe order) is told. The index is open addressing with
/// linear probing; ids are hashes already, reduced to a slot by multiplication.
///
/// Bound: `MembershipBounds.membersMax`.
struct MemberTable: Sendable {
    private(set) var members: [Member] = []
    /// A hash of each member's name, to find who shares one without walking the records.
    private var nameHashes: [UInt32] = []
    private var index: [UInt16] = Array(repeating: Self.vacant, count: 16)
    private var zones: [Label] = []
    private var extensions: [NodeID: [UInt8]] = [:]
    /// Members besides this node that are alive or suspect.
    private(set) var reachableOthersCount = 0
    private(set) var deadCount = 0
    /// Rises whenever a member comes, goes, or changes in what it says or in how it counts: what was
    /// computed from the members holds for as long as this stays.
    private(set) var revision: UInt64 = 0

    private static let vacant = UInt16.max

    var count: Int { members.count }

    /// Bytes that the members take: records, index and the array's slack.
    var storageByteCount: Int {
        members.capacity * MemoryLayout<Member>.stride
            + nameHashes.capacity * MemoryLayout<UInt32>.stride
            + index.capacity * MemoryLayout<UInt16>.stride
            + zones.capacity * MemoryLayout<Label>.stride
    }

    subscript(position: Int) -> Member {
        _read { yield members[position] }
        _modify {
            let before = members[position].marks
            defer {
                let changed = before.symmetricDifference(members[position].marks)
                if !changed.isDisjoint(with: [.nameless, .cloned]) { revision &+= 1 }
            }
            yield &members[position]
        }
    }

    func position(of node: NodeID) -> Int? {
        var slot = home(of: node)
        while index[slot] != Self.vacant {
            let position = Int(index[slot])
            if members[position].id == node { return position }
            slot = slot + 1 == index.count ? 0 : slot + 1
        }
        return nil
    }

    /// The member that sent under `bootID`. A walk over all: only a datagram from an unknown
    /// session asks.
    func position(of bootID: BootID) -> Int? {
        members.firstIndex { $0.bootID == bootID }
    }

    func zone(of member: Member) -> Label { zones[Int(member.zone)] }

    /// Positions of members that use `name`, in the order of the table.
    func positions(named name: Label) -> [Int] {
        let wanted = Self.hash(of: name)
        var positions: [Int] = []
        for position in nameHashes.indices
        where nameHashes[position] == wanted && members[position].name == name {
            positions.append(position)
        }
        return positions
    }

    private static func hash(of name: Label) -> UInt32 {
        var hash = StableHash()
        hash.combine(name.text.utf8)
        return UInt32(truncatingIfNeeded: hash.finalize())
    }

    /// Appends a member. Expects its id to be new and the table not to be full.
    mutating func insert(
        _ statement: AliveStatement, _ signature: Signature, id: NodeID,
        state: MemberState, marks: Member.Marks, since: Instant
    ) -> Int {
        precondition(members.count < MembershipBounds.membersMax, "expected room in the table")
        if members.count == members.capacity {
            members.reserveCapacity(members.count + members.count / 32 + 8)
            nameHashes.reserveCapacity(members.count + members.count / 32 + 8)
        }
        if (members.count + 1) * 4 > index.count * 3 { growIndex() }
        let position = members.count
        revision &+= 1
        members.append(
            Member(
                id: id, key: statement.key, signature: signature, name: statement.name,
                host: statement.address.host, bootID: statement.bootID, since: since,
                generation: statement.generation, incarnation: statement.incarnation,
                born: statement.born, port: statement.address.port,
                zone: internZone(statement.zone), wireLowest: statement.wireVersions.lowerBound,
                wireHighest: statement.wireVersions.upperBound, state: state, marks: marks))
        nameHashes.append(Self.hash(of: statement.name))
        setExtension(statement.extensionBytes, at: position)
        place(position)
        count(state, at: position, by: 1)
        return position
    }

    /// Replaces what a newer alive statement says. State and marks stay.
    mutating func update(
        at position: Int, with statement: AliveStatement, _ signature: Signature
    ) {
        let zone = internZone(statement.zone)
        revision &+= 1
        if members[position].bootID != statement.bootID {
            members[position].marks.remove(.acquainted)
        }
        members[position].signature = signature
        members[position].name = statement.name
        nameHashes[position] = Self.hash(of: statement.name)
        members[position].zone = zone
        members[position].host = statement.address.host
        members[position].port = statement.address.port
        members[position].bootID = statement.bootID
        members[position].generation = statement.generation
        members[position].incarnation = statement.incarnation
        members[position].born = statement.born
        members[position].wireLowest = statement.wireVersions.lowerBound
        members[position].wireHighest = statement.wireVersions.upperBound
        setExtension(statement.extensionBytes, at: position)
    }

    mutating func setState(_ state: MemberState, at position: Int, since: Instant) {
        count(members[position].state, at: position, by: -1)
        members[position].state = state
        revision &+= 1
        members[position].since = since
        count(state, at: position, by: 1)
    }

    /// Removes a member other than this node; the last one takes its position.
    mutating func remove(at position: Int) {
        precondition(position > 0, "expected this node itself to stay in its table")
        count(members[position].state, at: position, by: -1)
        revision &+= 1
        extensions[members[position].id] = nil
        members.swapAt(position, members.count - 1)
        members.removeLast()
        nameHashes.swapAt(position, nameHashes.count - 1)
        nameHashes.removeLast()
        rebuildIndex(count: index.count)
    }

    /// What the member said of itself, as it said it.
    func statement(at position: Int) -> AliveStatement {
        let member = members[position]
        return AliveStatement(
            key: member.key, name: member.name, zone: zone(of: member), address: member.address,
            generation: member.generation, bootID: member.bootID,
            incarnation: member.incarnation, born: member.born,
            wireVersions: member.wireLowest...member.wireHighest,
            extensionBytes: member.marks.contains(.extended) ? extensions[member.id] ?? [] : [])
    }

    func aliveUpdate(at position: Int) -> Update {
        .alive(statement(at: position), members[position].signature)
    }

    private mutating func setExtension(_ bytes: [UInt8], at position: Int) {
        let id = members[position].id
        if bytes.isEmpty {
            if members[position].marks.contains(.extended) { extensions[id] = nil }
            members[position].marks.remove(.extended)
        } else {
            extensions[id] = bytes
            members[position].marks.insert(.extended)
        }
    }

    private mutating func count(_ state: MemberState, at position: Int, by change: Int) {
        if state == .dead { deadCount += change }
        if state.isReachable, position > 0 { reachableOthersCount += change }
    }

    private mutating func internZone(_ zone: Label) -> UInt16 {
        if let known = zones.firstIndex(of: zone) { return UInt16(known) }
        if zones.count > members.count + 64 { dropUnusedZones() }
        zones.append(zone)
        return UInt16(zones.count - 1)
    }

    /// Members that move from zone to zone would otherwise leave their old ones behind for ever.
    private mutating func dropUnusedZones() {
        let old = zones
        zones = []
        for position in members.indices {
            let zone = old[Int(members[position].zone)]
            let known = zones.firstIndex(of: zone) ?? zones.count
            if known == zones.count { zones.append(zone) }
            members[position].zone = UInt16(known)
        }
    }

    private func home(of node: NodeID) -> Int {
        Int(node.bytes.high.multipliedFullWidth(by: UInt64(index.count)).high)
    }

    private mutating func place(_ position: Int) {
        var slot = home(of: members[position].id)
        while index[slot] != Self.vacant { slot = slot + 1 == index.count ? 0 : slot + 1 }
        index[slot] = UInt16(position)
    }

    private mutating func growIndex() { rebuildIndex(count: index.count * 5 / 4 + 8) }

    private mutating func rebuildIndex(count: Int) {
        index = Array(repeating: Self.vacant, count: count)
        for position in members.indices { place(position) }
    }
}
