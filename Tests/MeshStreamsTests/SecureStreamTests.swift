import MeshCore
import MeshCrypto
import MeshPlatform
import MeshStreams
import MeshTestSupport
import Testing

struct SecureStreamTests {
    @Test(arguments: [SocketAddress.anyIPv4, .anyIPv6])
    func `a stream opens, carries bytes both ways, and ends once at each side`(
        address: SocketAddress
    ) throws {
        let pair = try SecurePair(at: address)
        #expect(pair.accepted.peer.host == address.host)
        #expect(pair.server.listener.counters.opened == 1)
        #expect(pair.server.listener.unprovenCount == 0)
        pair.client.write([1, 2])
        pair.client.write([3])
        try pair.run { pair.server.ear.bytes == [1, 2, 3] }
        pair.accepted.write([4])
        try pair.run { pair.ear.bytes == [4] }

        let released = Heard<Bool>()
        pair.client.onRelease { released.all.append(true) }
        pair.client.close()
        pair.client.write([9])
        try pair.run { pair.server.ear.ending != nil && released.count == 1 }
        #expect(pair.server.ear.marks == [.closed(.byPeer)])
        #expect(pair.server.ear.bytes == [1, 2, 3])
        #expect(pair.ear.marks == [.opened])
        pair.accepted.write([9])
        pair.accepted.close()
    }

    /// What a member list of a large mesh, or a bundle of dossiers, is to a stream.
    @Test func `four MiB go both ways at once, and close waits for them`() throws {
        let pair = try SecurePair()
        let there = pattern(SecureStream.pendingByteCountMax)
        let back = pattern(SecureStream.pendingByteCountMax, 7)
        pair.client.write(there)
        pair.accepted.write(back)
        try pair.run { pair.ear.bytes.count == back.count }
        pair.client.close()
        try pair.run { pair.server.ear.ending != nil }
        let isWholeThere = areSame(pair.server.ear.bytes, there)
        #expect(isWholeThere)
        let isWholeBack = areSame(pair.ear.bytes, back)
        #expect(isWholeBack)
        #expect(pair.server.ear.marks == [.closed(.byPeer)])
        #expect(pair.ear.marks == [.opened])
    }

    @Test func `all that was written before close arrives, though the peer writes too`() throws {
        let pair = try SecurePair(apart: true)
        pair.accepted.write(pattern(300_000))
        for _ in 0..<3 { try pair.serverLoop.turn(waitMax: .milliseconds(1)) }
        let text = pattern(1_000_000, 3)
        pair.client.write(text)
        pair.client.close()
        try pair.run { pair.server.ear.ending != nil }
        let isWhole = areSame(pair.server.ear.bytes, text)
        #expect(isWhole)
        #expect(pair.server.ear.ending == .byPeer)
        #expect(pair.ear.marks == [.opened])
    }

    @Test func `what is written before it is open is sent once it is`() throws {
        let loop = try EventLoop()
        let context = try TLSContext()
        let server = try Server(on: loop, context)
        let ear = Ear()
        let client = SecureStream(connecting: loop, to: server.listener.address, context) {
            ear.hear($0)
        }
        client.write([1])
        client.write([2])
        try loop.run { server.ear.bytes == [1, 2] }
        #expect(ear.events == [.opened])
    }

    @Test func `a stream that is closed before it opened is never heard of`() throws {
        let loop = try EventLoop()
        let context = try TLSContext()
        let server = try Server(on: loop, context)
        let ear = Ear()
        let client = SecureStream(connecting: loop, to: server.listener.address, context) {
            ear.hear($0)
        }
        client.write([1])
        client.close()
        try loop.run { server.listener.connectionCounters.accepted == 1 }
        try loop.run { server.listener.unprovenCount == 0 }
        #expect(ear.events.isEmpty)
        #expect(server.streams.count == 0)
    }

    @Test func `nobody there is an event`() throws {
        let loop = try EventLoop()
        let context = try TLSContext()
        let server = try Server(on: loop, context)
        server.listener.close()
        let ear = Ear()
        _ = SecureStream(connecting: loop, to: server.listener.address, context) { ear.hear($0) }
        #expect(ear.events.isEmpty)
        try loop.run { ear.ending != nil }
        #expect(ear.events.count == 1)
        guard case .closed(.connection(.failed)) = ear.events[0] else {
            Issue.record("expected a refused connection, not \(ear.events)")
            return
        }
    }

    @Test func `a server that speaks something else is told as that`() throws {
        let loop = try EventLoop()
        let greeting = Array("220 mail.example.net ESMTP\r\n".utf8)
        let server = try TCPListener(on: loop, at: .anyIPv4) { connection in
            let stream = try? TCPStream(connection, on: loop) { _ in }
            stream?.write(greeting)
        }
        let ear = Ear()
        let context = try TLSContext()
        _ = SecureStream(connecting: loop, to: server.address, context) { ear.hear($0) }
        try loop.run { ear.ending != nil }
        #expect(ear.events == [.closed(.tls(.notTLS13))])
    }

    @Test func `another secret opens nothing, and both sides say why`() throws {
        let loop = try EventLoop()
        let server = try Server(on: loop, TLSContext("production", "one"))
        let ear = Ear()
        let other = try TLSContext("production", "other")
        _ = SecureStream(connecting: loop, to: server.listener.address, other) { ear.hear($0) }
        try loop.run { ear.ending != nil && server.failures.count == 1 }
        #expect(ear.events == [.closed(.tls(.refused(alert: 40)))])
        #expect(server.failures.all == [.tls(.unknownKey)])
        #expect(server.listener.counters.wrongKeys == 1)
        #expect(server.streams.count == 0)
        try loop.run { server.listener.unprovenCount == 0 }
    }

    @Test func `after a reload the listener takes the new secret, and open streams go on`() throws {
        let pair = try SecurePair()
        pair.server.listener.context = try TLSContext("production", "new")
        let ear = Ear()
        _ = SecureStream(
            connecting: pair.loop, to: pair.server.listener.address,
            try TLSContext("production", "new")
        ) { ear.hear($0) }
        try pair.run { ear.events == [.opened] }
        pair.client.write([1])
        try pair.run { pair.server.ear.bytes == [1] }
    }

    @Test func `a peer that stops reading ends the stream at its bound, outside of any call`()
        throws
    {
        let pair = try SecurePair(apart: true)
        let piece = pattern(500_000)
        for _ in 0..<100 where pair.ear.ending == nil {
            pair.client.write(piece)
            pair.client.write([1])
            // Nothing is told while somebody is writing.
            if pair.ear.ending != nil { break }
            try pair.loop.turn(waitMax: .zero)
        }
        #expect(pair.ear.events == [.opened, .closed(.overflowed)])
        let heardOf = pair.ear.events.count
        pair.client.write([1])
        pair.client.close()
        try pair.run { pair.server.ear.ending != nil }
        #expect(pair.server.ear.ending == .tls(.truncated))
        #expect(pair.ear.events.count == heardOf)
    }

    @Test func `who closes a stream in the turn in which it overflows hears nothing`() throws {
        let pair = try SecurePair(apart: true)
        pair.client.write(pattern(SecureStream.pendingByteCountMax))
        pair.client.write([1])
        pair.client.close()
        for _ in 0..<3 { try pair.loop.turn(waitMax: .milliseconds(1)) }
        #expect(pair.ear.events == [.opened])
    }

    @Test func `a peer that dies is told from one that is done`() throws {
        let pair = try SecurePair()
        pair.accepted.write([1])
        try pair.run { pair.ear.bytes == [1] }
        pair.accepted.abort()
        try pair.run { pair.ear.ending != nil }
        #expect(pair.ear.ending == .tls(.truncated))
    }

    @Test func `a silent peer ends a stream that may not be idle`() throws {
        let pair = try SecurePair(idleTimeMax: .milliseconds(50))
        try pair.run { pair.ear.ending != nil }
        #expect(pair.ear.marks == [.opened, .closed(.idle)])
    }

    @Test func `a handler may close its stream at any event`() throws {
        let pair = try SecurePair()
        let heard = Heard<SecureStream.Event>()
        let client = pair.client
        client.onEvent {
            heard.all.append($0)
            client.close()
        }
        pair.accepted.write(pattern(100_000))
        pair.accepted.close()
        try pair.run { heard.count >= 1 }
        for _ in 0..<5 { try pair.loop.turn(waitMax: .milliseconds(1)) }
        #expect(heard.count == 1)
    }
}
