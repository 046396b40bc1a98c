import MeshCore
import MeshCrypto
import MeshPlatform
import MeshStreams
import MeshTestSupport
import Testing

struct SecureListenerTests {
    static let junk: [[UInt8]] = [
        Array("GET / HTTP/1.1\r\nHost: example.net\r\n\r\n".utf8),
        [UInt8](repeating: 0, count: 100_000), [UInt8](repeating: 0x16, count: 100_000),
        pattern(2_000_000),
    ]

    @Test(arguments: junk)
    func `who sends something else is shown the door`(junk: [UInt8]) throws {
        let loop = try EventLoop()
        let server = try Server(on: loop, TLSContext())
        let isGone = Heard<Bool>()
        let client = TCPStream(
            connecting: loop, to: server.listener.address, within: .seconds(5)
        ) { event in
            switch event {
            case .readEnded, .closed: isGone.all.append(true)
            case .connected, .received, .drained: break
            }
        }
        client.write(junk)
        try loop.run { isGone.count > 0 }
        #expect(server.listener.counters.failed == 1)
        #expect(server.streams.count == 0)
        client.abort()
        try loop.run { server.listener.unprovenCount == 0 }
    }

    /// Slow clients hold places; an honest one, which comes after all of them, gets one.
    @Test func `those who prove nothing give way to those who come after`() throws {
        let loop = try EventLoop()
        let context = try TLSContext()
        let server = try Server(on: loop, context)
        let silent = (0..<3 * SecureListener.unprovenMax).map { _ in
            TCPStream(connecting: loop, to: server.listener.address, within: .seconds(5)) { _ in }
        }
        try loop.run { server.listener.connectionCounters.accepted == silent.count }
        #expect(server.listener.unprovenCount == SecureListener.unprovenMax)
        #expect(server.listener.counters.displaced == 2 * UInt64(SecureListener.unprovenMax))
        let ear = Ear()
        _ = SecureStream(connecting: loop, to: server.listener.address, context) { ear.hear($0) }
        try loop.run { ear.events == [.opened] && server.streams.count == 1 }
        for stream in silent { stream.abort() }
        try loop.run { server.listener.unprovenCount == 0 }
    }

    @Test func `a handshake that does not come to its end is ended`() throws {
        let loop = try EventLoop()
        let listener = try SecureListener(
            on: loop, at: .anyIPv4, TLSContext(), handshakeTimeMax: .milliseconds(50)
        ) { _ in Issue.record("expected nobody") }
        let endings = Heard<SecureStream.Ending>()
        listener.onFailure = { endings.all.append($1) }
        let isGone = Heard<Bool>()
        let client = TCPStream(connecting: loop, to: listener.address, within: .seconds(5)) {
            if $0 == .readEnded { isGone.all.append(true) }
        }
        // The beginning of a record.
        client.write([0x16, 3, 1])
        try loop.run { isGone.count == 1 }
        #expect(endings.all == [.handshakeTimedOut])
        #expect(listener.counters.timedOut == 1)
        #expect(listener.unprovenCount == 0)
        client.abort()
    }

    @Test func `a stream that nobody takes is closed when it speaks`() throws {
        let loop = try EventLoop()
        let context = try TLSContext()
        let listener = try SecureListener(on: loop, at: .anyIPv4, context) { _ in }
        let ear = Ear()
        let client = SecureStream(connecting: loop, to: listener.address, context) { ear.hear($0) }
        client.write([1])
        try loop.run { ear.ending != nil }
        #expect(ear.marks == [.opened, .closed(.byPeer)])
    }

    @Test func `a closed listener lets nobody in, and open streams go on`() throws {
        let pair = try SecurePair()
        pair.server.listener.close()
        let ear = Ear()
        _ = SecureStream(
            connecting: pair.loop, to: pair.server.listener.address, try TLSContext()
        ) { ear.hear($0) }
        try pair.run { ear.ending != nil }
        pair.client.write([1])
        try pair.run { pair.server.ear.bytes == [1] }
    }
}
