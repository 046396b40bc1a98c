package import MeshCore

// What membership carries for the other parts of the node: their messages, updates and frames come
// in with the peer's name proved, and go out by the addresses, headers and versions that it knows.

/// What has arrived for the other parts of the node.
package enum Inbound: Sendable, Hashable {
    /// A message of `Message.foreignKinds`. The updates behind it came before it.
    case message(kind: UInt8, fields: [UInt8], Peer)
    /// An update of a kind above `UpdateKind.membership`, unread.
    case update(Update, Peer)
    /// What a member holds about checks, summed up: it rode on a ping or an ack.
    case truthDigest(UInt64, NodeID)
    /// Of a stream that another part opened, or that a peer opened for one. The peer is known once
    /// it has said hello.
    case stream(StreamID, ForeignStreamEvent, Peer?)
    /// Member lists were exchanged in full with this node.
    case synced(NodeID)
}

package enum ForeignStreamEvent: Sendable, Hashable {
    /// A stream that we asked for is open and may be written to; the peer has not spoken yet.
    case opened
    /// A frame of `Frame.foreignKinds`. The first one on a stream that a peer opened announces it.
    case frame(kind: UInt8, body: [UInt8])
    /// Gone, by whatever cause but `closeForeign`.
    case closed
}

/// One that counts, as placement and votes see it.
package struct CountedMember: Sendable, Hashable {
    package var id: NodeID
    package var zone: Label
    /// Alive or suspect; a known one that is not is dead.
    package var isReachable: Bool
    package var isSuspect: Bool
}

extension Membership {
    // MARK: Inbox

    /// What has arrived, in order. Empty it after every call.
    package mutating func popInbound() -> Inbound? { inbox.popFirst() }

    mutating func handUp(_ inbound: Inbound) {
        if !inbox.append(inbound) { counters.inboxOverflows += 1 }
    }

    // MARK: Sending

    /// Bytes that updates may take behind a message with fields of this size, in one datagram.
    package func payloadRoom(fieldsByteCount: Int) -> Int {
        Self.payloadByteCountMax - 2 - fieldsByteCount - parameters.futureFields.count
    }

    /// Sends a message and the updates that must go with it to a member, and what news fits.
    /// False if the member is not known here, or this node does not speak (yet, or any more).
    ///
    /// Updates beyond `payloadRoom` are left out: the caller has counted them.
    package mutating func send(
        kind: UInt8, fields: [UInt8], updates: [Update], to node: NodeID, now: Instant
    ) -> Bool {
        guard speaks, let position = table.position(of: node), position > 0 else { return false }
        send(.foreign(kind: kind, fields: fields), to: position, leading: updates, now: now)
        return true
    }

    /// Answers a message where it came from and with nothing besides, so that fields no longer than
    /// the question's make an answer no larger than it.
    package mutating func reply(kind: UInt8, fields: [UInt8], to peer: Peer) {
        guard speaks else { return }
        var writer = ByteWriter(reservingCapacity: 2 + fields.count)
        Message.foreign(kind: kind, fields: fields).write(
            to: &writer, extensionBytes: parameters.futureFields)
        reply(writer.bytes, to: peer)
    }

    private var speaks: Bool { phase == .running || phase == .leaving }

    // MARK: Streams

    /// Opens a stream to a member; `.opened` or `.closed` follows. `nil` if the member is not known
    /// here or too many streams are open.
    package mutating func openForeignStream(to node: NodeID, now: Instant) -> StreamID? {
        guard phase == .running, let position = table.position(of: node), position > 0 else {
            return nil
        }
        return open(.foreign(to: node), to: table[position].address, now: now)
    }

    /// Writes a frame. False if the stream is gone or not open yet, or was never another part's.
    @discardableResult
    package mutating func writeForeign(_ kind: UInt8, _ body: [UInt8], on stream: StreamID) -> Bool
    {
        precondition(
            Frame.foreignKinds.contains(kind) && body.count < Frame.byteCountMax,
            "expected a frame of another part's kind and within the bound")
        guard let conversation = streams[stream], conversation.isForeign, conversation.isOpen else {
            return false
        }
        write(.foreign(kind: kind, body: body), on: stream)
        return true
    }

    /// Closes a stream after what was written has been sent. No event follows.
    package mutating func closeForeign(_ stream: StreamID) {
        guard let conversation = streams[stream], conversation.isForeign else { return }
        _ = streams.remove(stream)
        effects.append(.close(stream))
    }

    mutating func handleForeign(
        _ kind: UInt8, _ body: [UInt8], on stream: StreamID, _ conversation: SyncStream,
        _ peer: Peer
    ) throws(DecodeError) {
        switch conversation.role {
        case .foreign: break
        case .accepted where conversation.isLent: break
        case .accepted:
            // One conversation a stream: not one on which member lists are exchanged.
            guard !conversation.hasSentEnd, !conversation.hasReceivedEnd, streams.lend(stream)
            else { throw .invalid }
        case .probing, .syncing: return
        }
        // A hole in a conversation would be worse than its end.
        guard inbox.append(.stream(stream, .frame(kind: kind, body: body), peer)) else {
            counters.inboxOverflows += 1
            throw .tooLarge
        }
    }

    func speaker(of hello: Frame.Hello, on stream: StreamID) -> Peer {
        Peer(
            node: hello.node, bootID: hello.bootID, path: .stream(stream),
            wireVersion: min(hello.wireVersions.upperBound, parameters.wireVersions.upperBound))
    }

    // MARK: Facts

    /// 0, well, to 7.
    package var localHealthScore: Int { localHealth.score }
    /// Three times the slowest of the last round trips, 100 to 500 ms.
    package var pingTimeout: TimeSpan { roundTrips.timeout(parameters) }
    /// Whether the configuration names peers, this node itself not counted.
    package var hasNamedPeers: Bool { seeds.namesOthers }
    /// Those that have answered as peers that the configuration names, ascending; not this node.
    package var namedPeers: [NodeID] {
        Set(seeds.seeds.compactMap(\.node)).subtracting([id]).sorted()
    }
    package func isNamedPeer(_ node: NodeID) -> Bool { node != id && seeds.names(node) }
    /// Every named peer has answered or has failed three tries. True without any.
    package var seedsAreSettled: Bool { seeds.areSettled }

    /// `nil` for one that is not a member here.
    package func key(of node: NodeID) -> PublicKey? {
        table.position(of: node).map { table[$0].key }
    }

    /// Alive or suspect here.
    package func isReachable(_ node: NodeID) -> Bool {
        table.position(of: node).map { table[$0].isReachable } ?? false
    }

    /// Those over whom majorities and ranks go, this node among them, in the order of their ids.
    package var countedKnown: [NodeID] {
        (0..<table.count).filter(counts).map { table[$0].id }.sorted()
    }

    /// Of these, those without a voice, for two of each live; in the same order.
    package var countedClones: [NodeID] {
        (0..<table.count).filter { counts($0) && table[$0].marks.contains(.cloned) }
            .map { table[$0].id }.sorted()
    }

    /// The same with what placement needs, in the same order.
    package var countedMembers: [CountedMember] {
        (0..<table.count).filter(counts).map { position in
            let member = table[position]
            return CountedMember(
                id: member.id, zone: table.zone(of: member), isReachable: hasVoice(position),
                isSuspect: member.state == .suspect)
        }.sorted { $0.id < $1.id }
    }
}
