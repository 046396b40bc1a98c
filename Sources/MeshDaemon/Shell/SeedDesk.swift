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

    private func answer(_ addresses: [SocketAddress], _ seed: Int) {
        shell.tell { node, now in node.handle(addresses: addresses, ofSeed: seed, now: now) }
    }
}
