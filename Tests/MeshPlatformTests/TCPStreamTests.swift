import Glibc
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshPlatform

struct TCPStreamTests {
    @Test(arguments: [SocketAddress.anyIPv4, .anyIPv6])
    func `bytes arrive in order both ways, and each end hears of the other's end`(
        host: SocketAddress
    ) throws {
        let pair = try StreamPair(at: host)
        #expect(pair.clientEar.events == [.connected])
        #expect(pair.server.peer.host == host.host)
        pair.client.write([1, 2])
        pair.client.write([3])
        try pair.run { pair.serverEar.byteCount == 3 }
        pair.server.write([4])
        try pair.run { pair.clientEar.byteCount == 1 }
        #expect(pair.serverEar.bytes == [1, 2, 3])
        #expect(pair.clientEar.bytes == [4])

        pair.client.finish()
        try pair.run { pair.serverEar.marks == [.readEnded] }
        // The other half goes on.
        pair.server.write([5])
        try pair.run { pair.clientEar.bytes == [4, 5] }
        pair.server.finish()
        try pair.run { pair.serverEar.ending != nil && pair.clientEar.ending != nil }
        #expect(pair.serverEar.marks == [.readEnded, .closed(.finished)])
        #expect(pair.clientEar.marks == [.connected, .closed(.finished)])
        #expect(!pair.client.write([6]))
    }

    @Test func `a connection to nobody is refused, in words`() throws {
        let loop = try EventLoop()
        let listener = try TCPListener(on: loop, at: .anyIPv4) { _ in }
        let nobody = listener.address
        listener.close()
        let ear = Ear()
        _ = TCPStream(connecting: loop, to: nobody, within: .seconds(5)) { ear.hear($0) }
        #expect(ear.events.isEmpty)
        try loop.run { ear.ending != nil }
        let refused = SystemError(ECONNREFUSED, "connect \(nobody)")
        #expect(ear.events == [.closed(.failed(refused))])
    }

    @Test func `an address that can't be connected to fails by an event, too`() throws {
        let loop = try EventLoop()
        let ear = Ear()
        // Port 0 of a network for documentation: there is no such port, and mostly no route.
        let address = SocketAddress(host: Bytes16(high: 0x2001_0DB8 << 32, low: 1), port: 0)
        _ = TCPStream(connecting: loop, to: address, within: .milliseconds(300)) {
            ear.hear($0)
        }
        #expect(ear.events.isEmpty)
        try loop.run { ear.ending != nil }
        #expect(ear.events.count == 1)
    }

    /// A listener that accepts nothing: the kernel drops what its queue has no room for, as a
    /// firewall would.
    @Test func `a connection that does not come about in time ends by its deadline`() throws {
        let loop = try EventLoop()
        let silent = try Socket.open(.stream, for: .anyIPv4)
        let address = try Socket.bind(silent, to: .anyIPv4)
        try systemCall("listen") { listen(silent.number, 0) }
        let ears = (0..<4).map { _ in Ear() }
        for ear in ears {
            _ = TCPStream(connecting: loop, to: address, within: .milliseconds(100)) {
                ear.hear($0)
            }
        }
        try loop.run { ears.allSatisfy { !$0.events.isEmpty } }
        #expect(ears.contains { $0.events == [.closed(.timedOut)] })
        for ear in ears where ear.ending == nil { #expect(ear.events == [.connected]) }
    }

    @Test func `what is written before it is connected is sent once it is`() throws {
        let loop = try EventLoop()
        let ear = Ear()
        let listener = try TCPListener(on: loop, at: .anyIPv4) { connection in
            _ = try? TCPStream(connection, on: loop) { ear.hear($0) }
        }
        let client = TCPStream(connecting: loop, to: listener.address, within: .seconds(5)) { _ in }
        #expect(client.write([1, 2, 3]))
        client.finish()
        try loop.run { ear.marks == [.readEnded] }
        #expect(ear.bytes == [1, 2, 3])
    }

    @Test func `four MiB go both ways at once`() throws {
        let pair = try StreamPair()
        let there = pattern(4 * 1_024 * 1_024)
        let back = pattern(4 * 1_024 * 1_024, 99)
        #expect(pair.client.write(there))
        #expect(pair.server.write(back))
        try pair.run {
            pair.clientEar.byteCount == back.count && pair.serverEar.byteCount == there.count
        }
        let isWholeThere = areSame(pair.serverEar.bytes, there)
        #expect(isWholeThere)
        let isWholeBack = areSame(pair.clientEar.bytes, back)
        #expect(isWholeBack)
        #expect(pair.clientEar.marks.contains(.drained))
        #expect(pair.client.pendingByteCount == 0)
    }

    @Test func `a peer that does not read stops the writer at its bound, and loses nothing`() throws
    {
        let bound = 256 * 1_024
        let pair = try StreamPair(apart: true, pendingByteCountMax: bound)
        let piece = pattern(8_191)
        var writtenCount = 0
        // Until the kernel's buffers, of both sides, and ours are full.
        try pair.clientLoop.run {
            while pair.client.write(piece) { writtenCount += piece.count }
            #expect(pair.client.pendingByteCount <= bound)
            return pair.client.pendingByteCount > bound - piece.count && writtenCount > bound
                && !pair.clientEar.marks.contains(.drained) && isStuck(pair)
        }
        let late = pair.client.write(piece)
        #expect(!late)
        try pair.run { pair.serverEar.byteCount == writtenCount }
        // The pattern repeats itself after as many bytes.
        let isWhole = areSame(pair.serverEar.bytes, pattern(writtenCount))
        #expect(isWhole)
        try pair.run { pair.clientEar.marks.last == .drained }
        #expect(pair.client.write([1]))
    }

    /// Whether a few turns more send nothing more.
    private func isStuck(_ pair: StreamPair) -> Bool {
        let before = pair.client.pendingByteCount
        for _ in 0..<3 { try? pair.clientLoop.turn(waitMax: .milliseconds(1)) }
        return pair.client.pendingByteCount == before
    }

    /// Bytes of the peer's are unread at the close: without lingering the kernel would answer them
    /// with a reset, which can destroy what the peer has not read yet.
    @Test func `close sends all that was written, whatever the peer is saying`() throws {
        let pair = try StreamPair(apart: true)
        let text = pattern(2 * 1_024 * 1_024)
        #expect(pair.server.write(pattern(500_000)))
        for _ in 0..<3 { try pair.serverLoop.turn(waitMax: .milliseconds(1)) }
        #expect(pair.client.write(text))
        pair.client.close()
        try pair.run { pair.serverEar.marks.contains(.readEnded) }
        let isWhole = areSame(pair.serverEar.bytes, text)
        #expect(isWhole)
        #expect(pair.clientEar.marks == [.connected])
        let released = Heard<Bool>()
        pair.client.onRelease { released.all.append(true) }
        pair.server.close()
        try pair.run { released.count == 1 }
        #expect(pair.clientEar.marks == [.connected])
    }

    @Test func `a peer that never ends keeps a closed connection no longer than it may linger`()
        throws
    {
        let pair = try StreamPair(apart: true)
        let released = Heard<Bool>()
        pair.client.onRelease { released.all.append(true) }
        pair.client.write(pattern(100))
        pair.client.close(lingering: .milliseconds(100))
        #expect(released.count == 0)
        try pair.clientLoop.run { released.count == 1 }
        pair.client.close()
        pair.client.abort()
        #expect(released.count == 1)
    }

    /// On a network that loses much, what was written takes longer than any patience with silence.
    @Test func `a closed connection goes on for as long as its peer takes what it sends`() throws {
        let text = pattern(24 * 1_024 * 1_024)
        let pair = try StreamPair(apart: true, pendingByteCountMax: text.count)
        let released = Heard<Instant>()
        pair.client.onRelease { released.all.append(SystemClock.now) }
        let start = SystemClock.now
        pair.client.write(text)
        pair.client.close(lingering: .milliseconds(200))
        try pair.clientLoop.run(within: .seconds(30)) {
            // Some of it before each of the client's turns, so that it never sees silence.
            try? pair.serverLoop.turn(waitMax: .zero)
            if SystemClock.now - start < .milliseconds(1_000) { usleep(20_000) }
            return pair.serverEar.marks.contains(.readEnded) || released.count > 0
        }
        try pair.serverLoop.run { pair.serverEar.marks.contains(.readEnded) }
        let isWhole = areSame(pair.serverEar.bytes, text)
        #expect(isWhole)
        pair.server.close()
        try pair.run { released.count == 1 }
    }

    @Test func `a connection that is aborted ends at the other side, once`() throws {
        let pair = try StreamPair()
        pair.client.abort()
        try pair.run { pair.serverEar.marks == [.readEnded] }
        // Whoever goes on writing to it is told that nobody is there.
        try pair.run {
            pair.server.write([1])
            return pair.serverEar.ending != nil
        }
        #expect(pair.serverEar.events.count == 2)
        #expect(pair.clientEar.events == [.connected])
    }

    @Test func `a handler may close its stream while bytes wait to be read`() throws {
        let pair = try StreamPair()
        let heard = Heard<TCPStream.Event>()
        let client = pair.client
        client.onEvent { event in
            heard.all.append(event)
            client.abort()
        }
        pair.server.write(pattern(200_000))
        try pair.run { pair.serverEar.ending != nil }
        #expect(heard.count == 1)
    }

    @Test func `no descriptor is left when both ends are gone`() async {
        // A process of its own: other tests open and close descriptors meanwhile.
        await #expect(processExitsWith: .success) {
            let before = openSockets()
            do {
                let pair = try StreamPair()
                pair.client.write([1])
                pair.client.close()
                try pair.run { pair.serverEar.marks.contains(.readEnded) }
                let released = Heard<Bool>()
                pair.client.onRelease { released.all.append(true) }
                pair.server.abort()
                try pair.run { released.count == 1 }
                pair.listener.close()
            }
            try #require(openSockets() == before)
        }
    }
}

/// Descriptors that are sockets: the test's own machinery opens files as it likes.
private func openSockets() -> Int {
    (0..<2_000 as Range<CInt>).count { number in
        var kind: CInt = 0
        var count = socklen_t(MemoryLayout<CInt>.size)
        // Writes one integer and its size, our own.
        return unsafe getsockopt(number, SOL_SOCKET, SO_TYPE, &kind, &count) == 0
    }
}
