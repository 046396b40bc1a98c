import MeshCore

/// One stream's conversation: a probe past blocked UDP, or an exchange of member lists.
///
///     opener:    hello, offer ->
///     accepter:               <- hello, request, entries …, end
///     opener:    entries …, end ->                                  (each side closes after both)
///
///     opener:    hello, datagram(ping) ->      <- hello, datagram(ack)
///
/// This value holds what has been said and is still owed; membership reads and merges.
struct SyncStream: Sendable {
    enum Role: Sendable {
        /// Opened by us to ask whether a member answers; the payload is the ping.
        case probing(sequence: UInt32, payload: [UInt8])
        /// Opened by us to compare lists; the seed whose address it was, if it was one.
        case syncing(seed: Int?)
        /// Opened by us for another part of the node.
        case foreign(to: NodeID)
        /// Opened by the peer.
        case accepted
    }

    let role: Role
    let peerAddress: SocketAddress
    var assembler = FrameAssembler()
    var peer: Frame.Hello?
    let startedAt: Instant
    var lastProgress: Instant
    var hasSentEnd = false
    var hasReceivedEnd = false
    /// May be written to.
    var isOpen: Bool
    /// Opened by the peer for another part of the node, as its first such frame has shown.
    var isLent = false

    init(_ role: Role, with peerAddress: SocketAddress, now: Instant) {
        self.role = role
        self.peerAddress = peerAddress
        isOpen = if case .accepted = role { true } else { false }
        startedAt = now
        lastProgress = now
    }

    var isDone: Bool { hasSentEnd && hasReceivedEnd }
    /// Whether it belongs to another part of the node.
    var isForeign: Bool { if case .foreign = role { true } else { isLent } }
}

/// All streams of a node. Bound: `MembershipBounds.streamsMax`.
struct StreamTable: Sendable {
    private var streams: [StreamID: SyncStream] = [:]
    private var lastID: UInt32 = 0
    /// How many exchanges of lists we have opened and not finished.
    private(set) var syncsOpened = 0
    /// How many that peers opened belong to other parts of the node.
    private(set) var lentCount = 0

    subscript(id: StreamID) -> SyncStream? {
        _read { yield streams[id] }
        _modify { yield &streams[id] }
    }

    /// `nil` if too many are open: a quarter is kept for those that we open ourselves.
    mutating func add(_ stream: SyncStream) -> StreamID? {
        let isAccepted = if case .accepted = stream.role { true } else { false }
        let limit = MembershipBounds.streamsMax
        guard streams.count < (isAccepted ? limit * 3 / 4 : limit) else { return nil }
        lastID &+= 1
        let id = StreamID(lastID)
        streams[id] = stream
        if case .syncing = stream.role { syncsOpened += 1 }
        return id
    }

    mutating func remove(_ id: StreamID) -> SyncStream? {
        guard let stream = streams.removeValue(forKey: id) else { return nil }
        if case .syncing = stream.role { syncsOpened -= 1 }
        if stream.isLent { lentCount -= 1 }
        return stream
    }

    /// Gives an accepted stream to another part of the node. False if too many are.
    mutating func lend(_ id: StreamID) -> Bool {
        guard lentCount < MembershipBounds.foreignStreamsAcceptedMax, streams[id] != nil else {
            return false
        }
        streams[id]?.isLent = true
        lentCount += 1
        return true
    }
}
