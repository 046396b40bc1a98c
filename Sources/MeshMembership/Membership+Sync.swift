package import MeshCore

// Anti-entropy: what gossip missed is found by comparing digests and mended over a stream.

extension Membership {
    /// A peer told its digest; if it has differed from ours for long enough, lists are exchanged.
    mutating func compareDigest(_ theirs: UInt64, of node: NodeID, now: Instant) {
        guard phase == .running, streams.syncsOpened == 0,
            let position = table.position(of: node)
        else { return }
        let isDue = syncTrigger.compare(
            theirs, with: digest.root, now: now, parameters, membersCount: table.count,
            using: &generator)
        guard isDue else { return }
        _ = open(.syncing(seed: nil), to: table[position].address, now: now)
    }

    mutating func open(
        _ role: SyncStream.Role, to address: SocketAddress, now: Instant
    ) -> StreamID? {
        guard let stream = streams.add(SyncStream(role, with: address, now: now)) else {
            counters.boundsReached += 1
            return nil
        }
        effects.append(.openStream(stream, to: address))
        timers.schedule(.stream(stream), at: now + parameters.streamTimeout)
        return stream
    }

    // MARK: What happens to a stream

    /// A peer has opened a stream; `nil` if it must be refused.
    package mutating func acceptStream(from peer: SocketAddress, now: Instant) -> StreamID? {
        guard phase == .running || phase == .leaving,
            let stream = streams.add(SyncStream(.accepted, with: peer, now: now))
        else {
            counters.streamsRefused += 1
            return nil
        }
        timers.schedule(.stream(stream), at: now + parameters.streamTimeout)
        return stream
    }

    package mutating func handle(_ event: StreamEvent, on stream: StreamID, now: Instant) {
        guard streams[stream] != nil else { return }
        streams[stream]?.lastProgress = now
        switch event {
        case .opened: begin(stream)
        case .received(let bytes):
            streams[stream]?.assembler.append(bytes)
            readFrames(of: stream, now: now)
        case .closed: streamEnded(stream, now: now)
        }
    }

    private mutating func begin(_ stream: StreamID) {
        guard let role = streams[stream]?.role else { return }
        streams[stream]?.isOpen = true
        write(.hello(ownHello), on: stream)
        switch role {
        case .probing(_, let payload): write(.datagram(payload), on: stream)
        case .syncing: write(.offer(digest.buckets), on: stream)
        case .foreign: handUp(.stream(stream, .opened, nil))
        case .accepted: break
        }
    }

    private var ownHello: Frame.Hello {
        Frame.Hello(
            node: id, generation: local.generation, bootID: local.bootID,
            wireVersions: parameters.wireVersions)
    }

    mutating func write(_ frame: Frame, on stream: StreamID) {
        effects.append(.write(frame.encoded(), on: stream))
    }

    private mutating func readFrames(of stream: StreamID, now: Instant) {
        do throws(DecodeError) {
            while let frame = try streams[stream]?.assembler.next() {
                try handle(frame, on: stream, now: now)
            }
        } catch {
            counters.streamsRefused += 1
            close(stream, now: now)
        }
    }

    private mutating func handle(
        _ frame: Frame, on stream: StreamID, now: Instant
    ) throws(DecodeError) {
        guard let conversation = streams[stream] else { return }
        if case .hello(let hello) = frame {
            return try greet(hello, on: stream, conversation, now: now)
        }
        guard let hello = conversation.peer else { throw .invalid }
        let peer = speaker(of: hello, on: stream)
        if case .foreign(let kind, let body) = frame {
            return try handleForeign(kind, body, on: stream, conversation, peer)
        }
        guard !conversation.isForeign else {
            if case .unknown = frame { return }
            throw .invalid
        }
        switch (frame, conversation.role) {
        case (.datagram(let payload), .accepted), (.datagram(let payload), .probing):
            try handle(payload: payload, from: peer, now: now)
        case (.offer(let digests), .accepted) where !conversation.hasSentEnd:
            let buckets = digest.difference(from: digests)
            write(.request(buckets), on: stream)
            sendEntries(of: buckets, on: stream)
        case (.request(let buckets), .syncing) where !conversation.hasSentEnd:
            sendEntries(of: buckets, on: stream)
        case (.entries(let entries), .accepted), (.entries(let entries), .syncing):
            let isFirst = if case .syncing = conversation.role { !hasSynced } else { false }
            for entry in entries { merge(entry, isFirst: isFirst, now: now) }
        case (.end, .accepted), (.end, .syncing):
            streams[stream]?.hasReceivedEnd = true
        case (.unknown, _):
            break
        case (.hello, _), (.datagram, _), (.offer, _), (.request, _), (.entries, _), (.end, _),
            (.foreign, _):
            throw .invalid
        }
        if streams[stream]?.isDone ?? false { finish(stream, now: now) }
    }

    /// The first frame of either side says who speaks.
    private mutating func greet(
        _ hello: Frame.Hello, on stream: StreamID, _ conversation: SyncStream, now: Instant
    ) throws(DecodeError) {
        guard conversation.peer == nil,
            hello.wireVersions.overlaps(parameters.wireVersions)
        else { throw .invalid }
        // Another answers at the address of whom we wanted: nothing here is for its ears.
        if case .foreign(let node) = conversation.role, hello.node != node { throw .invalid }
        streams[stream]?.peer = hello
        // Nobody signs a hello. One under our key from another boot may be a clone or a lie; the
        // statements that follow tell, for they are signed.
        if hello.node == id, hello.bootID == local.bootID {
            _ = streams.remove(stream)
            effects.append(.close(stream))
            guard case .syncing(let seed?) = conversation.role else { return }
            if seeds.seeds[seed].addresses.isEmpty {
                seeds.isSelf(seed, now: now)
            } else {
                trySeed(seed, now: now)
            }
            return
        }
        if case .accepted = conversation.role { write(.hello(ownHello), on: stream) }
    }

    // MARK: Exchanging lists

    private mutating func sendEntries(of buckets: UInt64, on stream: StreamID) {
        var entries: [MemberEntry] = []
        var byteCount = 0
        for position in 0..<table.count {
            let bucket = MemberDigest.bucket(of: table[position].id)
            guard buckets >> UInt64(bucket) & 1 == 1, let entry = entry(at: position) else {
                continue
            }
            entries.append(entry)
            byteCount += entry.alive.encodedByteCount + (entry.claim?.encodedByteCount ?? 0) + 8
            if byteCount >= Frame.entriesByteCountTarget {
                write(.entries(entries), on: stream)
                entries = []
                byteCount = 0
            }
        }
        if !entries.isEmpty { write(.entries(entries), on: stream) }
        write(.end, on: stream)
        streams[stream]?.hasSentEnd = true
    }

    /// What we tell of a member; `nil` for one that we do not assert, or could not prove.
    private func entry(at position: Int) -> MemberEntry? {
        let member = table[position]
        guard member.isAsserted, position > 0 || phase != .waiting else { return nil }
        let alive = table.aliveUpdate(at: position)
        switch member.state {
        case .alive, .suspect:
            return MemberEntry(secondsEnded: 0, alive: alive, claim: claim(about: position))
        case .dead, .left, .forgotten:
            guard let record = ended[member.id], let claim = record.claim else { return nil }
            let age = max(.zero, lastRetentionTick - record.anchor)
            return MemberEntry(
                secondsEnded: UInt32(age.nanoseconds / 1_000_000_000), alive: alive, claim: claim)
        }
    }

    private mutating func merge(_ entry: MemberEntry, isFirst: Bool, now: Instant) {
        // Each entry stands for itself: a damaged one does not cost the others.
        guard
            let (statement, signature) = try? AliveStatement.decode(ByteReader(entry.alive.body))
        else { return }
        let node = NodeID(of: statement.key, using: cryptography)
        let isNew = table.position(of: node) == nil
        let claim = entry.claim.flatMap { claim in
            MemberClaim.Kind(rawValue: claim.kind).flatMap {
                try? MemberClaim.decode($0, ByteReader(claim.body))
            }
        }
        if isNew, let claim, claim.claim.kind != .suspect {
            let age = TimeSpan.seconds(Int64(min(entry.secondsEnded, UInt32(Int32.max))))
            guard age < parameters.retention / 2 else { return }
            let isAuthorKnown =
                table.position(of: claim.claim.author).map { isListed(table[$0].key) } ?? false
            if !isAuthorKnown, claim.claim.kind != .left, node != id,
                table.count < MembershipBounds.membersMax,
                cryptography.isValid(
                    signature, over: statement.signedBytes(mesh: mesh), by: statement.key)
            {
                // Ended by the word of one whom we do not know: believed as far as calling on it.
                return introduceUnasserted(statement, signature, node, now: now)
            }
        }
        let wasReachable = !isNew && isReachable(node)
        if !isRememberedAlike(statement, node, claim?.claim) {
            try? receiveAlive(
                ByteReader(entry.alive.body), origin: .exchange(isFirst: isFirst), now: now)
        }
        guard let claim else { return }
        if isOutdated(claim.claim) {
            if isSigned(claim.claim, claim.signature) { affirmDeath(of: node) }
            return
        }
        receiveExchanged(
            claim.claim, claim.signature, secondsEnded: entry.secondsEnded, isNew: isNew,
            wasReachable: wasReachable, isFirst: isFirst, now: now)
    }

    /// Whether a member read from disk as dead is ended over there, too, and by no older a word of
    /// its own: nothing speaks for its being alive, and its end is proved now.
    private func isRememberedAlike(
        _ statement: AliveStatement, _ node: NodeID, _ claim: MemberClaim?
    ) -> Bool {
        guard let claim, claim.kind != .suspect, claim.subject == node,
            let position = table.position(of: node), table[position].marks.contains(.restored)
        else { return false }
        return claim.generation == statement.generation
            && (claim.incarnation == statement.incarnation || claim.kind == .left)
            && statement.standing <= member(at: position, in: .alive)
    }

    /// Whether a claim ends a member by an older word of its own than the one that we read from
    /// disk. Whoever tells of that end cannot know the later word, for we never asserted it.
    private func isOutdated(_ claim: MemberClaim) -> Bool {
        guard claim.kind != .suspect, let position = table.position(of: claim.subject),
            table[position].marks.contains(.restored)
        else { return false }
        return claim.standing < table[position].standing
    }

    private func member(at position: Int, in state: MemberState) -> Standing {
        var standing = table[position].standing
        standing.state = state
        return standing
    }

    /// Declares a member dead that was read from disk as dead: the others take it for dead, too,
    /// but by an older word. Left unsaid, the lists would differ until its retention ends.
    private mutating func affirmDeath(of node: NodeID) {
        guard let position = table.position(of: node) else { return }
        table[position].marks.remove(.restored)
        let member = table[position]
        digest.toggle(node, generation: member.generation, state: member.state)
        signDeath(of: member)
    }

    // MARK: The end of a stream

    private mutating func finish(_ stream: StreamID, now: Instant) {
        guard let conversation = streams.remove(stream) else { return }
        effects.append(.close(stream))
        guard case .syncing(let seed) = conversation.role, let peer = conversation.peer else {
            return
        }
        hasSynced = true
        // One that is about to leave, or was sent away, is no witness of the mesh.
        let isKnown = table.position(of: peer.node).map { table[$0].state.isKnown } ?? false
        if seed != nil || seeds.names(peer.node), peer.node != id, isKnown {
            hasSyncedWithNamedPeer = true
        }
        report(.synced(peer.node))
        handUp(.synced(peer.node))
        guard let seed else { return }
        // Under our own key answers a clone, not the mesh: no reason to stop looking for it.
        if peer.node == id {
            seeds.failed(
                seed, now: now, interval: parameters.seedInterval, using: &generator)
            scheduleSeeds(at: seeds.seeds[seed].nextTry)
        } else {
            seeds.answered(seed, by: peer.node, now: now)
        }
    }

    mutating func close(_ stream: StreamID, now: Instant) {
        effects.append(.close(stream))
        streamEnded(stream, now: now)
    }

    private mutating func streamEnded(_ stream: StreamID, now: Instant) {
        guard let conversation = streams.remove(stream) else { return }
        switch conversation.role {
        case .syncing(let seed?): trySeed(seed, now: now)
        case .syncing(nil), .probing, .foreign, .accepted: break
        }
        if conversation.isForeign {
            let peer = conversation.peer.map { speaker(of: $0, on: stream) }
            handUp(.stream(stream, .closed, peer))
        }
    }

    mutating func handleStreamTimer(_ stream: StreamID, now: Instant) {
        guard let conversation = streams[stream] else { return }
        let due = min(
            conversation.lastProgress + parameters.streamTimeout,
            conversation.startedAt + parameters.streamLifetime)
        guard due <= now else { return timers.schedule(.stream(stream), at: due) }
        close(stream, now: now)
    }
}
