import MeshChecks
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

/// Real handshakes whose bytes are changed on their way, by hundreds; `scripts/try-answers tls` does
/// so by ten thousands.
@Suite(.enabled(if: SecureServer.isInstalled, "needs nginx and openssl"))
struct HostileTLSTests {
    private static let looks = 400
    private static let timeout = TimeSpan.milliseconds(400)

    @Test func `whatever a server's answer becomes, a look ends in time and says so`() throws {
        let bench = try CheckBench()
        let shop = try CertificateShop()
        try shop.sign("Between", for: [], endsIn: 80 * 86_400, isAuthority: true)
        for name in ["new", "old"] { try shop.sign(name, endsIn: 90 * 86_400, by: "Between") }
        // With 1.2 the certificates are changed in plain text.
        let server = try SecureServer(
            shop, ["new": "ssl_protocols TLSv1.3;", "old": "ssl_protocols TLSv1.2;"])
        let relays = try ["new", "old"].map {
            try ManglingRelay(on: bench.loop, to: server.place($0))
        }
        var seen: [String: Int] = [:]
        for number in 0..<Self.looks {
            let relay = relays[number % 2]
            relay.generator = SeededGenerator(seed: UInt64(number))
            let options = TLSOptions(number % 3 == 0 ? .anything : .file(shop.rootsFile))
            var check = TLSCheck(address: try HostPort("\(relay.address)"))
            check.tls = options
            check.attempts = AttemptPlan(timeout: Self.timeout)
            var tcp = TCPCheck(address: check.address)
            tcp.tls = options
            tcp.send = Secret("GET / HTTP/1.0\r\n\r\n")
            tcp.expect = .matches("^HTTP/1.1 200 ")
            tcp.attempts = check.attempts
            let observation = try bench.look(number % 5 == 0 ? .tcp(tcp) : .tls(check))
            #expect(observation.latency < Self.timeout + .seconds(1), "\(number)")
            guard case .saw(let state, _) = observation.outcome else {
                Issue.record("\(number): \(observation.outcome)")
                continue
            }
            seen["\(state)", default: 0] += 1
            relay.hangUp()
        }
        // Some come through, most do not.
        #expect(seen["up", default: 0] > 0 && seen["down", default: 0] > Self.looks / 2)
    }
}

/// Passes bytes on both ways, and changes those of the server.
private final class ManglingRelay {
    var generator = SeededGenerator(seed: 0)
    private let loop: EventLoop
    private var listener: LoopbackServer?
    private var links: [Link] = []

    private final class Link {
        let peer: LoopbackServer.Peer
        var race: AddressRace?
        var connection: RawConnection?
        var passedOn = 0
        init(_ peer: LoopbackServer.Peer) { self.peer = peer }
    }

    init(on loop: EventLoop, to upstream: SocketAddress) throws {
        self.loop = loop
        listener = try LoopbackServer(on: loop) { [unowned self] peer in
            let link = Link(peer)
            links.append(link)
            peer.receive = { [unowned self, unowned link] _ in self.passOn(link) }
            link.race = AddressRace(on: loop, to: [upstream]) { [unowned self, unowned link] in
                guard case .success(let connection) = $0 else { return }
                link.connection = connection
                connection.whenReady = { [unowned self, unowned link] _ in self.passBack(link) }
                self.passOn(link)
            }
        }
    }

    var address: SocketAddress { listener?.address ?? .loopback }

    func hangUp() {
        for link in links { link.peer.close() }
        links = []
    }

    private func passOn(_ link: Link) {
        guard let connection = link.connection else { return }
        var rest = link.peer.received[link.passedOn...]
        _ = connection.send(&rest)
        link.passedOn = link.peer.received.count
        try? connection.wait(for: .read)
    }

    private func passBack(_ link: Link) {
        switch link.connection?.receive(atMost: 65_536) {
        case nil, .nothing: return
        case .ended, .broken:
            link.connection = nil
            link.peer.close()
        case .bytes(let bytes):
            link.peer.send(mangled(bytes))
            if generator.index(below: 8) == 0 { link.peer.close() }
        }
    }

    private func mangled(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<generator.index(below: 5) where bytes.count > 8 {
            let place = generator.index(below: bytes.count - 8)
            let end = place + 1 + generator.index(below: 7)
            switch generator.index(below: 6) {
            case 0: bytes[place] ^= 1 << UInt8(generator.index(below: 8))
            case 1: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
            case 2: bytes.removeSubrange(place..<end)
            case 3:
                bytes.insert(contentsOf: bytes[place..<end], at: generator.index(below: place + 1))
            case 4: bytes.removeSubrange(end...)
            default: bytes.insert(contentsOf: [0xFF, 0xFF], at: place)
            }
        }
        return bytes
    }
}
