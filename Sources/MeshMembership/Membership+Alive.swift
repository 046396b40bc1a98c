import MeshCore

// Statements that members make of themselves: they introduce, refute, restart and move.

extension Membership {
    /// Where a statement came from, which decides whether it is passed on.
    enum Origin: Sendable {
        case gossip
        /// An exchange of lists; `isFirst` before this node's first one has ended: what everybody
        /// knew before we came is no news.
        case exchange(isFirst: Bool)
    }

    /// Takes a member's statement of itself. `secondsEnded` and `claim` are those of an exchange.
    mutating func receiveAlive(
        _ reader: ByteReader, origin: Origin, now: Instant
    ) throws(DecodeError) {
        let (statement, signature) = try AliveStatement.decode(reader)
        let node = NodeID(of: statement.key, using: cryptography)
        if node == id { return receiveOwnAlive(statement, signature, now: now) }
        guard let position = table.position(of: node) else {
            guard isSigned(statement, signature) else { return }
            introduce(statement, signature, node, origin: origin, now: now)
            return
        }
        let member = table[position]
        let isRevival =
            member.marks.contains(.restored)
            && (statement.generation, statement.incarnation)
                >= (member.generation, member.incarnation)
        guard statement.standing > member.standing || isRevival else { return }
        guard statement.key == member.key, isSigned(statement, signature) else { return }
        renew(at: position, statement, signature, now: now)
        passOn(.alive(statement, signature), about: node, origin: origin, now: now)
    }

    private mutating func isSigned(_ statement: AliveStatement, _ signature: Signature) -> Bool {
        let isValid = cryptography.isValid(
            signature, over: statement.signedBytes(mesh: mesh), by: statement.key)
        if !isValid { counters.statementsForged += 1 }
        return isValid
    }

    /// A member that we had not heard of.
    private mutating func introduce(
        _ statement: AliveStatement, _ signature: Signature, _ node: NodeID, origin: Origin,
        now: Instant
    ) {
        guard table.count < MembershipBounds.membersMax else {
            counters.membersRefused += 1
            return
        }
        let position = table.insert(
            statement, signature, id: node, state: .alive, marks: [], since: now)
        digest.toggle(node, generation: statement.generation, state: .alive)
        probeOrder.insert(position, using: &generator)
        reportChange(at: position, from: nil, by: node, now: now)
        settleName(statement.name)
        passOn(.alive(statement, signature), about: node, origin: origin, now: now)
    }

    /// A later word of a member that we know: refutation, restart or return.
    private mutating func renew(
        at position: Int, _ statement: AliveStatement, _ signature: Signature, now: Instant
    ) {
        let before = table[position]
        if before.isAsserted {
            digest.toggle(before.id, generation: before.generation, state: before.state)
        }
        endSuspicion(of: before.id)
        ended[before.id] = nil
        if before.bootID != statement.bootID {
            noteBoot(at: position, from: before.bootID, to: statement.bootID, now: now)
        }
        table.update(at: position, with: statement, signature)
        table[position].marks.subtract([.restored, .silent])
        if before.state != .alive { table.setState(.alive, at: position, since: now) }
        digest.toggle(before.id, generation: statement.generation, state: .alive)
        if before.state != .alive || before.generation != statement.generation {
            reportChange(at: position, from: before.state, by: before.id, now: now)
        }
        if before.name != statement.name { settleName(before.name) }
        if before.name != statement.name || before.marks.contains(.nameShared) {
            settleName(statement.name)
        }
    }

    private mutating func passOn(
        _ update: Update, about node: NodeID, origin: Origin, now: Instant
    ) {
        forgetAccusations(of: node)
        switch origin {
        case .gossip, .exchange(isFirst: false):
            lanes[.membership].enqueue(update, about: .init(subject: node.bytes))
            wantGossip(now: now)
        case .exchange(isFirst: true):
            lanes[.membership].remove(.init(subject: node.bytes))
        }
    }

    mutating func reportChange(
        at position: Int, from: MemberState?, by author: NodeID, now: Instant
    ) {
        let member = table[position]
        let isSuspicion =
            (from == .alive && member.state == .suspect)
            || (from == .suspect && member.state == .alive)
        if !isSuspicion { lastMemberChange = now }
        if member.state == .alive, !isSuspicion, !hasSyncedWithNamedPeer { hurrySeeds(now: now) }
        report(
            .changed(
                member.id, from: from, to: member.state, generation: member.generation,
                incarnation: member.incarnation, by: author))
    }

    /// Sets a member's state with all that hangs on it but suspicion: digest, event, name.
    mutating func setState(
        _ state: MemberState, at position: Int, by author: NodeID, now: Instant
    ) {
        let before = table[position]
        guard before.state != state else { return }
        if before.isAsserted {
            digest.toggle(before.id, generation: before.generation, state: before.state)
        }
        table.setState(state, at: position, since: now)
        table[position].marks.subtract([.restored, .silent])
        digest.toggle(before.id, generation: before.generation, state: state)
        reportChange(at: position, from: before.state, by: author, now: now)
        if before.marks.contains(.nameShared) { settleName(before.name) }
    }

    /// A member of the last run: known, not reachable, and never asserted to others.
    mutating func restore(_ entry: MemberEntry) {
        guard
            let (statement, signature) = try? AliveStatement.decode(ByteReader(entry.alive.body)),
            isSigned(statement, signature)
        else { return }
        let node = NodeID(of: statement.key, using: cryptography)
        guard node != id, table.position(of: node) == nil,
            table.count < MembershipBounds.membersMax
        else { return }
        introduceUnasserted(statement, signature, node, now: .zero)
    }

    /// Enters a member as dead by hearsay: to be called on, but not to be told of.
    mutating func introduceUnasserted(
        _ statement: AliveStatement, _ signature: Signature, _ node: NodeID, now: Instant
    ) {
        let position = table.insert(
            statement, signature, id: node, state: .dead, marks: .restored, since: now)
        ended[node] = EndedRecord(claim: nil, anchor: now)
        probeOrder.insert(position, using: &generator)
        reportChange(at: position, from: nil, by: id, now: now)
        settleName(statement.name)
    }
}
