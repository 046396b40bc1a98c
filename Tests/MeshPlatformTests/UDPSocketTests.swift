import Glibc
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

struct UDPSocketTests {
    typealias Datagram = (bytes: [UInt8], from: SocketAddress)

    /// A socket and what it hears.
    private func socket(
        on loop: EventLoop, at address: SocketAddress, receiveByteCountMax: Int = 2_048
    ) throws -> (UDPSocket, Heard<Datagram>) {
        let heard = Heard<Datagram>()
        let socket = try UDPSocket(
            on: loop, at: address, receiveByteCountMax: receiveByteCountMax
        ) { heard.all.append(($0, $1)) }
        return (socket, heard)
    }

    @Test(arguments: [SocketAddress.anyIPv4, .anyIPv6])
    func `a datagram arrives as it was sent, with who sent it`(host: SocketAddress) throws {
        let loop = try EventLoop()
        let (one, heardByOne) = try socket(on: loop, at: host)
        let (other, heardByOther) = try socket(on: loop, at: host)
        #expect(one.address.port != 0)
        #expect(one.address.host == host.host)

        one.send([1, 2, 3], to: other.address)
        try loop.run { heardByOther.count == 1 }
        #expect(heardByOther.all[0] == ([1, 2, 3], one.address))
        other.send([], to: heardByOther.all[0].from)
        try loop.run { heardByOne.count == 1 }
        #expect(heardByOne.all[0] == ([], other.address))
        #expect(one.counters.sent == 1)
        #expect(one.counters.received == 1)
    }

    @Test func `a socket bound to every IPv6 address serves both families`() throws {
        let loop = try EventLoop()
        let (both, heard) = try socket(on: loop, at: SocketAddress(host: .zero, port: 0))
        let (four, heardByFour) = try socket(on: loop, at: .anyIPv4)
        let (six, heardBySix) = try socket(on: loop, at: .anyIPv6)

        four.send([4], to: SocketAddress.anyIPv4.with(port: both.address.port))
        six.send([6], to: SocketAddress.anyIPv6.with(port: both.address.port))
        try loop.run { heard.count == 2 }
        #expect(Set(heard.all.map(\.from)) == [four.address, six.address])
        for datagram in heard.all { both.send(datagram.bytes, to: datagram.from) }
        try loop.run { heardByFour.count == 1 && heardBySix.count == 1 }
        #expect(heardByFour.all[0].bytes == [4])
        #expect(heardBySix.all[0].bytes == [6])
        #expect(heardByFour.all[0].from == SocketAddress.anyIPv4.with(port: both.address.port))
    }

    @Test func `a thousand datagrams of one turn all arrive, in order`() throws {
        let loop = try EventLoop()
        let (one, _) = try socket(on: loop, at: .anyIPv4)
        let (other, heard) = try socket(on: loop, at: .anyIPv4)
        for number in 0..<1_000 {
            let marks = [UInt8(number >> 8), UInt8(number & 0xFF)]
            one.send(marks + [UInt8](repeating: 7, count: number % 100), to: other.address)
            // The kernel's buffer holds some hundreds: it is emptied in between.
            if number % 100 == 99 { try loop.run { heard.count == number + 1 } }
        }
        #expect(heard.all.map { Int($0.bytes[0]) << 8 | Int($0.bytes[1]) } == Array(0..<1_000))
        #expect(heard.all.map(\.bytes.count) == (0..<1_000).map { 2 + $0 % 100 })
    }

    @Test func `the longest datagrams arrive whole where they are allowed`() throws {
        let loop = try EventLoop()
        let (one, _) = try socket(on: loop, at: .anyIPv4)
        let (other, heard) = try socket(on: loop, at: .anyIPv4, receiveByteCountMax: 65_535)
        let longest = (0..<UDPSocket.byteCountMax).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        one.send(longest, to: other.address)
        try loop.run { heard.count == 1 }
        let isWhole = areSame(heard.all[0].bytes, longest)
        #expect(isWhole)
        one.send(longest + [0], to: other.address)
        #expect(one.counters.sendErrors == 1)
        #expect(one.lastSendError?.code == EMSGSIZE)
    }

    @Test func `a datagram above the bound is counted, and the next one read`() throws {
        let loop = try EventLoop()
        let (one, _) = try socket(on: loop, at: .anyIPv4)
        let (other, heard) = try socket(on: loop, at: .anyIPv4, receiveByteCountMax: 100)
        one.send([UInt8](repeating: 1, count: 101), to: other.address)
        one.send([UInt8](repeating: 2, count: 100), to: other.address)
        try loop.run { heard.count == 1 }
        #expect(heard.all[0].bytes == [UInt8](repeating: 2, count: 100))
        #expect(other.counters.oversized == 1)
        #expect(other.counters.received == 1)
    }

    /// An IPv4 socket can't say an IPv6 address, port 0 can't be sent to, and nobody listens at the
    /// fourth: what can be sent between them is.
    @Test func `destinations that fail cost their own datagrams only`() throws {
        let loop = try EventLoop()
        let (one, _) = try socket(on: loop, at: .anyIPv4)
        let (other, heard) = try socket(on: loop, at: .anyIPv4)
        let (gone, _) = try socket(on: loop, at: .anyIPv4)
        let nobody = gone.address
        gone.close()
        for round in 0..<3 as Range<UInt8> {
            one.send([0], to: SocketAddress.anyIPv6.with(port: 9))
            one.send([round], to: other.address)
            one.send([0], to: .anyIPv4)
            one.send([0], to: nobody)
            one.send([round + 10], to: other.address)
        }
        try loop.run { heard.count == 6 }
        #expect(heard.all.map { $0.bytes[0] } == [0, 10, 1, 11, 2, 12])
        #expect(one.counters.sendErrors == 6)
        #expect(one.counters.sent == 9)
        #expect(one.lastSendError != nil)
    }

    @Test func `a handler may answer and close in the middle of a batch`() throws {
        let loop = try EventLoop()
        let (one, heardByOne) = try socket(on: loop, at: .anyIPv4)
        let heard = Heard<[UInt8]>()
        let opened = Heard<UDPSocket>()
        let other = try UDPSocket(on: loop, at: .anyIPv4) { bytes, sender in
            heard.all.append(bytes)
            opened.all[0].send(bytes, to: sender)
            opened.all[0].close()
        }
        opened.all = [other]
        for number in 0..<5 as Range<UInt8> { one.send([number], to: other.address) }
        try loop.run { heardByOne.count == 1 }
        #expect(heard.all == [[0]])
        #expect(heardByOne.all[0].bytes == [0])
        // Its port is free again.
        _ = try socket(on: loop, at: other.address)
    }

    @Test func `what a handler sends before it stops the loop still leaves`() throws {
        let loop = try EventLoop()
        let (one, _) = try socket(on: loop, at: .anyIPv4)
        let (other, heard) = try socket(on: loop, at: .anyIPv4)
        loop.schedule(at: SystemClock.now) {
            one.send([1], to: other.address)
            loop.stop()
        }
        try loop.run()
        #expect(one.counters.sent == 1)
        try loop.run { heard.count == 1 }
    }

    @Test func `two sockets can't be bound to one port, and the error says which`() throws {
        let loop = try EventLoop()
        let (one, _) = try socket(on: loop, at: .anyIPv4)
        let error = #expect(throws: SystemError.self) {
            _ = try UDPSocket(on: loop, at: one.address) { _, _ in }
        }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.description == "bind \(one.address): Address already in use")
    }

    @Test func `a flood in one turn is sent as far as it goes, and the rest counted`() throws {
        let loop = try EventLoop()
        let (one, _) = try socket(on: loop, at: .anyIPv4)
        let (other, _) = try socket(on: loop, at: .anyIPv4)
        let count = 4 * UDPSocket.queuedMax
        for _ in 0..<count {
            one.send([UInt8](repeating: 5, count: 1_200), to: other.address)
        }
        try loop.run { Int(one.counters.sent + one.counters.dropped) == count }
        #expect(one.counters.sendErrors == 0)
    }
}
