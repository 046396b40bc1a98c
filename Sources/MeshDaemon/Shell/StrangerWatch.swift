import MeshCore
import MeshCrypto
import MeshPlatform
import MeshStreams

/// Tells the operator of peers that do not have this mesh's secret: the commonest mistake of a
/// mesh's first hour, and otherwise a node that stands alone without a word.
///
/// Bound: a line of each kind a minute, whoever knocks and however often. `/metrics` counts all.
struct StrangerWatch {
    private static let spacing = TimeSpan.minutes(1)

    private let log: Log
    private var lastKnocked: Instant?
    private var lastTurnedAway: Instant?

    init(_ log: Log) { self.log = log }

    /// A stream of another's to this node ended before it was one.
    mutating func knocked(_ ending: SecureStream.Ending, from peer: SocketAddress, now: Instant) {
        guard case .tls(let error) = ending, error == .unknownKey || error == .wrongKey,
            Self.isDue(&lastKnocked, now)
        else { return }
        log.warning(
            "somebody with another secret was not let in",
            ("from", peer.description), ("error", error.description))
    }

    /// A stream that this node had begun ended before it was one.
    mutating func turnedAway(_ ending: SecureStream.Ending, by peer: SocketAddress, now: Instant) {
        guard case .tls(let error) = ending, Self.isDue(&lastTurnedAway, now) else { return }
        log.warning(
            "a peer does not let this node in: are mesh.name and mesh.secret the same there?",
            ("peer", peer.description), ("error", error.description))
    }

    private static func isDue(_ last: inout Instant?, _ now: Instant) -> Bool {
        if let last, now - last < spacing { return false }
        last = now
        return true
    }
}
