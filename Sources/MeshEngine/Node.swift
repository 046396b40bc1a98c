package import MeshChecks
package import MeshCore
package import MeshMembership
package import MeshNotices
package import MeshVerdicts

/// One node of the mesh, as a value: bytes, answers and `now` go in, effects come out.
///
/// Call any `handle…` or command method, then `popEffect` until it is empty, then sleep until
/// `nextDeadline` at the latest. Read all waiting datagrams and stream bytes before
/// `handleDeadline`: an answer that has arrived must not lose to its own timeout.
package struct Node: Sendable {
    private var membership: Membership
    private var transport: SecureTransport
    package private(set) var counters = NodeCounters()

    package init(
        _ configuration: NodeConfiguration, cryptography: any Cryptography,
        generator: SeededGenerator
    ) {
        membership = Membership(
            configuration.local, parameters: configuration.parameters,
            restored: configuration.restored, cryptography: cryptography, generator: generator)
        transport = SecureTransport(
            configuration, id: membership.id, cryptography: cryptography)
    }

    /// Begins: signs its first statement, contacts its seeds.
    package mutating func start(now: Instant) { membership.start(now: now) }

    // MARK: What happens to a node

    package mutating func handle(
        datagram: [UInt8], from sender: SocketAddress, now: Instant
    ) {
        counters.datagramsReceived += 1
        let opened: SecureTransport.Opened
        do throws(SecureTransport.Rejection) {
            opened = try open(datagram)
        } catch {
            return count(error)
        }
        let peer = Peer(
            node: opened.node, bootID: opened.header.bootID,
            path: .datagram(from: sender, usedShortHeader: opened.header.introduction == nil),
            wireVersion: opened.header.wireVersion)
        do throws(DecodeError) {
            try membership.handle(payload: opened.payload, from: peer, now: now)
        } catch {
            counters.payloadsMalformed += 1
        }
    }

    private mutating func open(
        _ datagram: [UInt8]
    ) throws(SecureTransport.Rejection) -> SecureTransport.Opened {
        do throws(SecureTransport.Rejection) {
            return try transport.open(datagram)
        } catch .unknownBoot(let boot) {
            guard let owner = membership.owner(of: boot) else { throw .unknownBoot(boot) }
            return try transport.open(
                datagram, sentBy: .init(node: owner.node, generation: owner.generation))
        }
    }

    private mutating func count(_ rejection: SecureTransport.Rejection) {
        switch rejection {
        case .malformed: counters.datagramsMalformed += 1
        case .unknownVersion: counters.datagramsOfUnknownVersion += 1
        case .unknownKey: counters.datagramsOfUnknownKey += 1
        case .unknownBoot: counters.datagramsOfUnknownBoot += 1
        case .forged: counters.datagramsForged += 1
        case .replayed: counters.datagramsReplayed += 1
        }
    }

    /// A peer has opened a stream. `nil`: refused, too many are open.
    package mutating func acceptStream(from peer: SocketAddress, now: Instant) -> StreamID? {
        membership.acceptStream(from: peer, now: now)
    }
    package mutating func handle(_ event: StreamEvent, on stream: StreamID, now: Instant) {
        membership.handle(event, on: stream, now: now)
    }
    package mutating func handle(
        signature: Signature, for token: SigningToken, now: Instant
    ) {
        membership.handle(signature: signature, for: token, now: now)
    }
    /// The answer to `resolve`; empty if the name has no address now.
    package mutating func handle(
        addresses: [SocketAddress], ofSeed seed: Int, now: Instant
    ) {
        membership.handle(addresses: addresses, ofSeed: seed, now: now)
    }
    /// The generation asked for by `storeGeneration` is on disk.
    package mutating func handleGenerationStored(_ generation: UInt32, now: Instant) {
        _ = membership.handleGenerationStored(generation, now: now)
    }
    /// How a look that was ordered ended.
    package mutating func handle(
        _ observation: Observation, for token: LookToken, now: Instant
    ) {}
    /// How an attempt to tell somebody ended.
    package mutating func handle(_ delivery: Delivery, for token: DeliveryToken, now: Instant) {}
    /// What was to be stored under `token` is on disk.
    package mutating func handleStored(_ token: StoreToken, now: Instant) {}
    /// The wall clock was set, or found apart from the monotonic one.
    package mutating func handle(_ wallClock: WallClock, now: Instant) {}
    /// The configuration was read again.
    package mutating func handle(_ plan: WatchPlan, now: Instant) {}
    package mutating func handleDeadline(now: Instant) { membership.handleDeadline(now: now) }

    // MARK: Commands

    /// Says goodbye; `stop(.left)` follows within two seconds.
    package mutating func leave(now: Instant) { membership.leave(now: now) }
    /// Drops a dead member before its retention ends, mesh-wide. False if it is not dead.
    package mutating func forget(_ node: NodeID, now: Instant) -> Bool {
        membership.forget(node, now: now)
    }

    // MARK: What a node wants

    package var nextDeadline: Instant? { membership.nextDeadline }

    package mutating func popEffect() -> NodeEffect? {
        guard let effect = membership.popEffect() else { return nil }
        switch effect {
        case .send(let payload, let address, let isAcquainted, let wireVersion):
            counters.datagramsSent += 1
            return .send(
                transport.seal(payload, isAcquainted: isAcquainted, wireVersion: wireVersion),
                to: address)
        case .openStream(let stream, let address): return .openStream(stream, to: address)
        case .write(let bytes, let stream): return .write(bytes, on: stream)
        case .close(let stream): return .close(stream)
        case .sign(let bytes, let token): return .sign(bytes, token: token)
        case .resolve(let seed): return .resolve(seed: seed)
        case .storeGeneration(let generation): return .storeGeneration(generation)
        case .report(let event): return .report(event)
        case .stop(let reason): return .stop(reason)
        }
    }

    // MARK: What a node knows

    package var id: NodeID { membership.id }
    /// Every member in any state, this node included, in the order of their ids.
    package var members: [MemberView] { membership.members }
    package func member(_ node: NodeID) -> MemberView? { membership.member(node) }
    /// The member list's fingerprint: equal at all nodes of a quiet, whole mesh.
    package var digest: UInt64 { membership.rootDigest }
    package var hasMajority: Bool { membership.hasMajority }
    /// What to write down for the next start.
    package var entriesToStore: [MemberEntry] { membership.entriesToStore }
    package var membershipCounters: MembershipCounters { membership.counters }
    package var queuedUpdatesCount: Int { membership.queuedUpdatesCount }
    /// Bytes of memory held for each member: table, index and what hangs on it.
    package var memberStorageByteCount: Int { membership.memberStorageByteCount }
}
