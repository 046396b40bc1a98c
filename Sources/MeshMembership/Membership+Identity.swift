package import MeshCore

// This node among the others: its statements, accusations against it, its clones, its goodbye.

extension Membership {
    func ownStatement(incarnation: UInt32) -> AliveStatement {
        AliveStatement(
            key: local.key, name: local.name, zone: local.zone, address: local.address,
            generation: local.generation, bootID: local.bootID, incarnation: incarnation,
            born: local.born, wireVersions: parameters.wireVersions,
            extensionBytes: parameters.futureFields)
    }

    // MARK: Signing

    /// False if too many signatures are awaited.
    @discardableResult
    mutating func sign(_ draft: SigningDesk.Draft) -> Bool {
        guard let token = signing.add(draft) else {
            counters.boundsReached += 1
            return false
        }
        effects.append(.sign(draft.signedBytes(mesh: mesh), token: token))
        return true
    }

    package mutating func handle(
        signature: Signature, for token: SigningToken, now: Instant
    ) {
        guard let draft = signing.take(token), phase != .stopped else { return }
        switch draft {
        case .alive(let statement): publish(statement, signature, now: now)
        case .claim(let claim): publish(claim, signature, now: now)
        }
    }

    private mutating func publish(
        _ statement: AliveStatement, _ signature: Signature, now: Instant
    ) {
        // A later one may have been drafted since.
        guard statement.generation == local.generation,
            (statement.generation, statement.incarnation)
                >= (table[0].generation, table[0].incarnation)
        else { return }
        let isRestart = table[0].generation != statement.generation
        if isRestart {
            digest.toggle(id, generation: table[0].generation, state: .alive)
            digest.toggle(id, generation: statement.generation, state: .alive)
        }
        table.update(at: 0, with: statement, signature)
        guard phase != .waiting else { return beginRunning(now: now) }
        let update = Update.alive(statement, signature)
        lanes[.membership].enqueue(update, about: .init(subject: id.bytes))
        wantGossip(now: now)
        // Whoever accused us should be the first to know.
        for accuser in accusers {
            if let position = table.position(of: accuser) {
                send(.gossip, to: position, leading: [update], now: now)
            }
        }
        accusers = []
    }

    private mutating func publish(
        _ claim: MemberClaim, _ signature: Signature, now: Instant
    ) {
        let update = Update.claim(claim, signature)
        if claim.kind == .left { return beginFarewell(update, now: now) }
        // What it says may have been refuted while it was being signed.
        guard let position = table.position(of: claim.subject),
            table[position].generation == claim.generation,
            table[position].incarnation == claim.incarnation
        else { return }
        switch claim.kind {
        case .suspect:
            guard let suspicion = suspicions[claim.subject] else { return }
            if suspicion.claim == nil { suspicions[claim.subject]?.claim = update }
        case .dead:
            guard table[position].state == .dead else { return }
            ended[claim.subject]?.claim = update
        case .forgotten:
            guard table[position].state == .dead else { return }
            end(.forgotten, at: position, by: id, update, now: now)
        case .left:
            return
        }
        lanes[.membership].enqueue(update, about: key(of: claim))
        wantGossip(now: now)
    }

    // MARK: Accusations against this node

    /// Somebody says that this node is suspect, dead, forgotten or gone. It answers with a higher
    /// incarnation (SWIM 4.2), or, if the claim is about a generation that it never had, with a
    /// higher generation.
    mutating func receiveAccusation(
        _ claim: MemberClaim, _ signature: Signature, now: Instant
    ) {
        guard phase == .running else { return }
        let isAnswered =
            (claim.generation, claim.incarnation) < (local.generation, lastIncarnation)
            && claim.kind != .left
        guard !isAnswered, claim.generation >= local.generation else {
            return reassure(claim.author, now: now)
        }
        guard isSigned(claim, signature) else { return }
        if claim.generation > local.generation || claim.kind == .left {
            // Our own key said more than we remember: an old data directory, or a clone. Others'
            // claims about a generation that only they know prove nothing.
            guard claim.author == id else { return }
            return collide(
                generation: claim.generation, boot: nil, at: local.address, now: now)
        }
        guard claim.incarnation <= lastIncarnation else { return }
        guard sign(.alive(ownStatement(incarnation: lastIncarnation + 1))) else { return }
        lastIncarnation += 1
        localHealth.refuted()
        if !accusers.contains(claim.author), accusers.count < 8 { accusers.append(claim.author) }
        report(.refuted(incarnation: lastIncarnation))
    }

    /// An accuser has missed our refutation: it is sent once more, to one accuser at a time and
    /// not more often than gossip goes.
    private mutating func reassure(_ accuser: NodeID, now: Instant) {
        guard table[0].incarnation == lastIncarnation,
            lastReassurance.map({ now - $0 >= parameters.gossipInterval }) ?? true,
            let position = table.position(of: accuser), position > 0
        else { return }
        lastReassurance = now
        send(.gossip, to: position, leading: [table.aliveUpdate(at: 0)], now: now)
    }

    // MARK: Clones

    /// A statement under our own key that is not this process's own.
    mutating func receiveOwnAlive(
        _ statement: AliveStatement, _ signature: Signature, now: Instant
    ) {
        guard phase == .running, statement.bootID != local.bootID,
            statement.generation >= local.generation,
            cryptography.isValid(
                signature, over: statement.signedBytes(mesh: mesh), by: statement.key)
        else { return }
        collide(
            generation: statement.generation, boot: statement.bootID, at: statement.address,
            now: now)
    }

    mutating func collide(
        generation: UInt32, boot: BootID?, at address: SocketAddress, now: Instant
    ) {
        // Of two with one generation both take the next, and meet again there if both live. To let
        // only one give way would wait for a process that may be gone.
        guard generation >= local.generation, generation < .max,
            generationAwaited ?? 0 <= generation
        else { return }
        report(.collision(generation: generation, at: address))
        switch cloneWatch.collide(
            with: boot, generation: generation, own: local.bootID, now: now,
            window: parameters.cloneWindow)
        {
        case .raise:
            generationAwaited = generation + 1
            effects.append(.storeGeneration(generation + 1))
        case .stop:
            phase = .stopped
            effects.append(.stop(.clone(address)))
        }
    }

    /// The generation asked for is on disk: this node goes on under it. False if it was not asked
    /// for.
    package mutating func handleGenerationStored(_ generation: UInt32, now: Instant) -> Bool {
        guard phase == .running, generation == generationAwaited else { return false }
        generationAwaited = nil
        local.generation = generation
        lastIncarnation = 0
        sign(.alive(ownStatement(incarnation: 0)))
        return true
    }

    /// A member's process changed: if it changed back, two of them live.
    mutating func noteBoot(at position: Int, from old: BootID, to new: BootID, now: Instant) {
        let node = table[position].id
        guard
            clonedMembers.noteBoot(
                of: node, from: old, to: new, now: now, window: parameters.cloneWindow)
        else { return }
        table[position].marks.insert(.cloned)
        timers.schedule(.cloneEnds(node), at: now + parameters.cloneWindow)
    }

    mutating func endCloneMark(of node: NodeID) {
        guard let position = table.position(of: node) else { return }
        table[position].marks.remove(.cloned)
    }

    // MARK: Goodbye

    /// Says goodbye to the mesh; `stop(.left)` follows.
    package mutating func leave(now: Instant) {
        guard phase == .running else {
            if phase == .waiting {
                phase = .stopped
                effects.append(.stop(.left))
            }
            return
        }
        phase = .leaving
        // Should the signature not come, it leaves without a word: whoever waits for it to stop must
        // not wait for ever.
        timers.schedule(
            .farewell(round: Self.farewellRounds), at: now + Self.farewellPatience)
        sign(
            .claim(
                MemberClaim(
                    .left, subject: id, generation: local.generation,
                    incarnation: lastIncarnation, author: id)))
    }

    private mutating func beginFarewell(_ update: Update, now: Instant) {
        farewell = update
        sayFarewell(round: 0, now: now)
    }

    static var farewellRounds: Int { 3 }
    static var farewellReach: Int { 16 }
    /// All rounds have been said well before this.
    static var farewellPatience: TimeSpan { .seconds(2) }

    /// Tells up to `farewellReach` members directly, a few times over: nobody will ask again.
    mutating func sayFarewell(round: Int, now: Instant) {
        guard phase == .leaving else { return }
        guard round < Self.farewellRounds, let farewell else {
            phase = .stopped
            effects.append(.stop(.left))
            return
        }
        for position in randomMembers(Self.farewellReach, except: nil, where: \.isReachable) {
            send(.gossip, to: position, leading: [farewell], now: now)
        }
        timers.schedule(.farewell(round: round + 1), at: now + parameters.gossipInterval)
    }

    /// Drops a dead member before its retention ends, on every node. False if it is not dead here,
    /// or too many signatures are awaited.
    package mutating func forget(_ node: NodeID, now: Instant) -> Bool {
        guard let position = table.position(of: node), table[position].state == .dead else {
            return false
        }
        let member = table[position]
        return sign(
            .claim(
                MemberClaim(
                    .forgotten, subject: node, generation: member.generation,
                    incarnation: member.incarnation, author: id)))
    }
}
