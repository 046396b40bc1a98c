/// What waits in the world's queue. Trivial cases only: the queue moves its elements about a
/// dozen times each, and a reference inside would be counted at every move.
enum Event: Sendable {
    /// A process wanted to be called at this time. `isDeferred`: it has let everything else that
    /// happens at the same instant go first.
    case wake(process: UInt32, isDeferred: Bool)
    /// A datagram arrives. Its bytes lie in the packet pool.
    case datagram(slot: UInt32)
    case stream(connection: UInt32, step: StreamStep)
    /// A signer that takes its time is done.
    case signed(slot: UInt32)
    /// The name of a seed has been looked up for the `life`-th start of a process.
    case resolved(process: UInt32, life: UInt32, seed: UInt32)
    /// Entry `index` of the fault plan is due.
    case fault(index: UInt32)
    case outsider(index: UInt32, token: UInt32)
    /// A look at a target is over.
    case looked(slot: UInt32)
    /// A notice reaches its provider; its answer reaches the sender.
    case noticeArrives(slot: UInt32)
    case deliveryAnswered(slot: UInt32)
    /// A write is confirmed.
    case stored(slot: UInt32)
    /// A second of virtual time has passed.
    case second
}

/// The steps of a connection's life. See `Connection`.
enum StreamStep: Sendable {
    case connect(attempt: UInt8)
    case opened
    case accepted
    case flight(Side)
    case flightArrives(Side)
    case flightAcknowledged(Side)
    /// The other side answered with a reset.
    case reset(Side)

    /// Which end of a connection.
    enum Side: UInt8, Sendable {
        case client, server

        var other: Side {
            switch self {
            case .client: .server
            case .server: .client
            }
        }
    }
}
