package import MeshCore

/// Whom a payload came from, as the transport established it.
package struct Peer: Sendable, Hashable {
    /// Authenticated: the session it was sealed under, or the stream's hello.
    package var node: NodeID
    /// Which process of that node.
    package var bootID: BootID
    package var path: Path
    package var wireVersion: UInt8

    package enum Path: Sendable, Hashable {
        /// `usedShortHeader`: the sender has had an answer from this boot of ours.
        case datagram(from: SocketAddress, usedShortHeader: Bool)
        case stream(StreamID)
    }

    package init(node: NodeID, bootID: BootID, path: Path, wireVersion: UInt8) {
        self.node = node
        self.bootID = bootID
        self.path = path
        self.wireVersion = wireVersion
    }
}

extension Membership {
    /// Takes one opened payload: a message and the updates behind it.
    ///
    /// Nothing of a payload that cannot be read to its end is acted on, except updates before the
    /// damaged one; they are signed each for itself.
    package mutating func handle(
        payload: [UInt8], from peer: Peer, now: Instant
    ) throws(DecodeError) {
        guard phase != .stopped, peer.node != id else { return }
        var reader = ByteReader(payload)
        let message = try Message.decode(&reader)
        if case .datagram(_, usedShortHeader: true) = peer.path,
            let position = table.position(of: peer.node), table[position].bootID == peer.bootID
        {
            // Whoever writes short has had an answer from this boot of ours.
            table[position].marks.insert(.acquainted)
        }
        // Updates first: what a newcomer says of itself is known when its ping is answered.
        while !reader.isAtEnd {
            let kind = try reader.readUInt8()
            let count = try reader.readVarint()
            guard count <= UInt64(Update.byteCountMax) else { throw .tooLarge }
            let body = try reader.readSection(Int(count))
            try receiveUpdate(kind: kind, body, from: peer, now: now)
        }
        switch message {
        case .ping(let sequence, let target, let digest, let truth):
            handlePing(
                sequence, target: target, Digests(members: digest, truth: truth),
                requestByteCount: payload.count, from: peer, now: now)
        case .ack(let sequence, let digest, let truth):
            handleAck(
                sequence, Digests(members: digest, truth: truth), from: peer, now: now)
        case .pingRequest(let sequence, let target):
            handlePingRequest(sequence, target: target, from: peer, now: now)
        case .nack(let sequence):
            handleNack(sequence, from: peer)
        case .foreign(let kind, let fields):
            handUp(.message(kind: kind, fields: fields, peer))
        case .gossip, .unknown:
            break
        }
    }

    private mutating func receiveUpdate(
        kind: UInt8, _ body: ByteReader, from peer: Peer, now: Instant
    ) throws(DecodeError) {
        if kind == UpdateKind.alive {
            try receiveAlive(body, origin: .gossip, now: now)
        } else if let claim = MemberClaim.Kind(rawValue: kind) {
            try receiveClaim(claim, body, now: now)
        } else if kind > UpdateKind.membership.upperBound {
            var body = body
            handUp(.update(Update(kind: kind, body: Array(body.readRest())), peer))
        } else {
            counters.updatesUnknown += 1
        }
    }

    // MARK: Pings and their answers

    /// What every ping and ack says of its sender.
    private struct Digests {
        var members: UInt64
        var truth: UInt64
    }

    private mutating func compare(_ theirs: Digests, of node: NodeID, now: Instant) {
        compareDigest(theirs.members, of: node, now: now)
        if table.position(of: node) != nil { handUp(.truthDigest(theirs.truth, node)) }
    }

    private mutating func handlePing(
        _ sequence: UInt32, target: NodePrefix, _ theirs: Digests, requestByteCount: Int,
        from peer: Peer, now: Instant
    ) {
        guard target.matches(id) else {
            counters.pingsMisdirected += 1
            return
        }
        // An answer is never larger than its question: nobody is made to flood a third.
        let ack = payload(
            .ack(sequence: sequence, digest: digest.root, truth: truthDigest),
            leading: pastStatement(of: peer), byteCountMax: requestByteCount)
        reply(ack, to: peer)
        compare(theirs, of: peer.node, now: now)
        // A node that we hold for suspect or dead lives, it seems; it should hear of it. On a
        // stream there is room to say so beside the ack.
        if let position = table.position(of: peer.node), let claim = claim(about: position) {
            switch peer.path {
            case .datagram: tellAccused(at: position, claim, now: now)
            case .stream:
                reply(payload(.gossip, leading: [claim], byteCountMax: 1_024), to: peer)
            }
        }
    }

    /// What a peer's key said of itself from another process, if that is what we hold. A node
    /// that came back with an old disk hears there which generations it has used.
    private func pastStatement(of peer: Peer) -> [Update] {
        guard let position = table.position(of: peer.node),
            table[position].bootID != peer.bootID
        else { return [] }
        return [table.aliveUpdate(at: position)]
    }

    private mutating func handleAck(
        _ sequence: UInt32, _ theirs: Digests, from peer: Peer, now: Instant
    ) {
        if let relay = relayed[Probe.number(of: sequence)], relay.target == peer.node {
            relayed[Probe.number(of: sequence)] = nil
            let ack = payload(
                .ack(sequence: relay.askersSequence, digest: digest.root, truth: truthDigest),
                leading: [], byteCountMax: Message.relayedByteCountMax)
            effects.append(
                .send(
                    payload: ack, to: relay.returnAddress, isAcquainted: relay.isAskerAcquainted,
                    wireVersion: relay.wireVersion))
        }
        guard let probe = probes[Probe.number(of: sequence)], probe.accepts(from: peer.node) else {
            return
        }
        noteAnswer(to: sequence, probe, from: peer, now: now)
        compare(theirs, of: peer.node, now: now)
    }

    private mutating func handleNack(_ sequence: UInt32, from peer: Peer) {
        let number = Probe.number(of: sequence)
        guard let probe = probes[number], probe.relays.contains(peer.node),
            !probe.nackers.contains(peer.node)
        else { return }
        probes[number]?.nackers.append(peer.node)
    }

    private mutating func handlePingRequest(
        _ sequence: UInt32, target: NodeID, from peer: Peer, now: Instant
    ) {
        guard case .datagram(let address, let usedShortHeader) = peer.path else { return }
        guard let position = table.position(of: target), position > 0,
            table[position].state.isKnown, relayed.count < MembershipBounds.relaysMax
        else {
            return reply(
                payload(
                    .nack(sequence: sequence), leading: [],
                    byteCountMax: Message.relayedByteCountMax),
                to: peer)
        }
        let own = nextSequence()
        relayed[own] = RelayedProbe(
            askersSequence: sequence, target: target, returnAddress: address,
            isAskerAcquainted: isAcquainted(peer.node) || usedShortHeader,
            wireVersion: peer.wireVersion)
        timers.schedule(.relay(own), at: now + parameters.pingTimeoutMin)
        let ping = Message.ping(
            sequence: own, target: NodePrefix(of: target), digest: digest.root, truth: truthDigest)
        send(ping, to: position, leading: [], now: now)
    }

    /// A relayed ping has not been answered for the least timeout there is: say so, for the asker
    /// only wants to know that we hear it, and wait on for the answer. At the longest, forget it.
    mutating func endRelay(_ sequence: UInt32, now: Instant) {
        guard let relay = relayed[sequence] else { return }
        guard !relay.hasNacked else {
            relayed[sequence] = nil
            return
        }
        relayed[sequence]?.hasNacked = true
        timers.schedule(.relay(sequence), at: now + parameters.pingTimeoutMax)
        let nack = payload(
            .nack(sequence: relay.askersSequence), leading: [],
            byteCountMax: Message.relayedByteCountMax)
        effects.append(
            .send(
                payload: nack, to: relay.returnAddress, isAcquainted: relay.isAskerAcquainted,
                wireVersion: relay.wireVersion))
    }

    // MARK: Sending

    func isAcquainted(_ node: NodeID) -> Bool {
        table.position(of: node).map { table[$0].marks.contains(.acquainted) } ?? false
    }

    /// The latest wire version that both sides speak; ours if they share none.
    func wireVersion(for position: Int) -> UInt8 {
        let member = table[position]
        let common = min(parameters.wireVersions.upperBound, member.wireHighest)
        return max(common, parameters.wireVersions.lowerBound)
    }

    /// A message with `leading` updates and as much news as fits `byteCountMax`.
    mutating func payload(
        _ message: Message, leading: [Update], byteCountMax: Int
    ) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: min(byteCountMax, 256))
        message.write(to: &writer, extensionBytes: parameters.futureFields)
        for update in leading where writer.count + update.encodedByteCount <= byteCountMax {
            writer.write(update)
        }
        lanes.fill(
            &writer, budget: byteCountMax - writer.count, limit: retransmitLimit,
            newsLimit: parameters.newsLimit)
        return writer.bytes
    }

    /// Answers on the path that the question came by.
    mutating func reply(_ payload: [UInt8], to peer: Peer) {
        switch peer.path {
        case .datagram(let address, let usedShortHeader):
            effects.append(
                .send(
                    payload: payload, to: address,
                    isAcquainted: usedShortHeader || isAcquainted(peer.node),
                    wireVersion: peer.wireVersion))
        case .stream(let stream):
            effects.append(.write(Frame.datagram(payload).encoded(), on: stream))
        }
    }

    /// Sends a message to a member, with what it must hear first and what news fits.
    mutating func send(
        _ message: Message, to position: Int, leading: [Update], now: Instant
    ) {
        let payload = payload(message, leading: leading, byteCountMax: Self.payloadByteCountMax)
        effects.append(
            .send(
                payload: payload, to: table[position].address,
                isAcquainted: table[position].marks.contains(.acquainted),
                wireVersion: wireVersion(for: position)))
    }

    /// What a datagram holds besides the longest header and the tag.
    static var payloadByteCountMax: Int {
        MembershipBounds.datagramByteCountMax - MembershipBounds.sealOverheadByteCountMax
    }
}
