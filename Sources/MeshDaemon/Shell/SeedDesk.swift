import MeshChecks
import MeshCore
import MeshEngine
import MeshPlatform

/// Finds the addresses of the peers that the configuration names, anew each time: a name moves.
///
/// A name that can't be looked up now is answered as one without addresses; the node asks again.
final class SeedDesk {
    private let peers: [HostPort]
    private let lookup: AddressLookup
    private unowned let shell: NodeShell
    /// What each peer was found to be, of those that were looked up.
    private var found: [Int: [SocketAddress]] = [:]

    /// How long peers are waited for before the log tells of it.
    static let quietWait = TimeSpan.seconds(15)
    private static let peersShownMax = 8

    init(_ shell: NodeShell, peers: [HostPort], _ lookup: AddressLookup) {
        self.shell = shell
        self.peers = peers
        self.lookup = lookup
    }

    func resolve(_ seed: Int) {
        let peer = peers[seed]
        if let address = peer.literal { return answer([address], seed) }
        let isTaken = lookup.find(peer.host, port: peer.port) { [unowned self] found in
            self.answer((try? found.get()) ?? [], seed)
        }
        if !isTaken { answer([], seed) }
    }

    /// Why the node has not found its place, which it has not for `quietWait`, and what to do.
    func trouble(at own: SocketAddress) -> [(String, String)] {
        let shown = peers.prefix(Self.peersShownMax).map(\.description).joined(separator: ", ")
        let rest = peers.count - Self.peersShownMax
        let names = rest > 0 ? "\(shown) and \(rest) more" : shown
        let isUnknown = peers.indices.allSatisfy { found[$0]?.isEmpty ?? true }
        let isOwn = peers.indices.allSatisfy { found[$0] == [own] }
        let remedy =
            if isOwn {
                "mesh.peers names this node alone: leave it out for a mesh of one"
            } else if isUnknown {
                "their names cannot be resolved: see mesh.peers and this machine's name servers"
            } else {
                "start them, and let UDP and TCP through between them and this node"
            }
        return [("peers", names), ("remedy", remedy)]
    }

    private func answer(_ addresses: [SocketAddress], _ seed: Int) {
        found[seed] = addresses
        shell.tell { node, now in node.handle(addresses: addresses, ofSeed: seed, now: now) }
    }
}
