import Glibc
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

struct TCPListenerTests {
    @Test func `a listener at every IPv6 address serves both families`() throws {
        let loop = try EventLoop()
        let peers = Heard<SocketAddress>()
        let listener = try TCPListener(on: loop, at: SocketAddress(host: .zero, port: 0)) {
            peers.all.append($0.peer)
        }
        for host in [SocketAddress.anyIPv4, .anyIPv6] {
            let address = host.with(port: listener.address.port)
            _ = TCPStream(connecting: loop, to: address, within: .seconds(5)) { _ in }
        }
        try loop.run { peers.count == 2 }
        #expect(
            Set(peers.all.map(\.host)) == [SocketAddress.anyIPv4.host, SocketAddress.anyIPv6.host])
    }

    @Test func `a hundred connections of one turn are all accepted`() throws {
        let loop = try EventLoop()
        let ear = Ear()
        let listener = try TCPListener(on: loop, at: .anyIPv4) { connection in
            _ = try? TCPStream(connection, on: loop) { ear.hear($0) }
        }
        let clients = (0..<100).map { _ in
            TCPStream(connecting: loop, to: listener.address, within: .seconds(5)) { _ in }
        }
        for client in clients { client.write([1]) }
        try loop.run { ear.byteCount == 100 }
        #expect(listener.counters.accepted == 100)
    }

    @Test func `a connection that nobody takes is closed`() throws {
        let loop = try EventLoop()
        let listener = try TCPListener(on: loop, at: .anyIPv4) { _ in }
        let ear = Ear()
        _ = TCPStream(connecting: loop, to: listener.address, within: .seconds(5)) {
            ear.hear($0)
        }
        try loop.run { ear.events.contains(.readEnded) }
    }

    @Test func `a port in use is told with its address`() throws {
        let loop = try EventLoop()
        let listener = try TCPListener(on: loop, at: .anyIPv4) { _ in }
        let error = #expect(throws: SystemError.self) {
            _ = try TCPListener(on: loop, at: listener.address) { _ in }
        }
        #expect(error?.description == "bind \(listener.address): Address already in use")
    }

    @Test func `without descriptors it refuses who comes, and serves again afterwards`() async {
        // A process of its own: what is exhausted here belongs to every test of this one.
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            // Reads our own structure.
            let answer = unsafe setrlimit(__rlimit_resource_t(7), &limit)
            try #require(answer == 0)
            let loop = try EventLoop()
            let accepted = Heard<TCPStream>()
            let listener = try TCPListener(on: loop, at: .anyIPv4) { connection in
                let stream = try? TCPStream(connection, on: loop) { _ in }
                if let stream { accepted.all.append(stream) }
            }
            let ears = (0..<5).map { _ in Ear() }
            for ear in ears {
                _ = TCPStream(connecting: loop, to: listener.address, within: .seconds(5)) {
                    ear.hear($0)
                }
            }
            var fillers: [CInt] = []
            while true {
                let filler = dup(0)
                if filler < 0 { break }
                fillers.append(filler)
            }
            try #require(!fillers.isEmpty)
            try loop.run { listener.counters.refused == 5 }
            try loop.run { ears.allSatisfy { $0.marks.last != .connected && !$0.marks.isEmpty } }
            try #require(accepted.count == 0)

            for filler in fillers { close(filler) }
            _ = TCPStream(connecting: loop, to: listener.address, within: .seconds(5)) { _ in }
            try loop.run { accepted.count == 1 }
            try #require(listener.counters.refused == 5)
        }
    }
}
