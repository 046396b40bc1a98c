import Glibc
import MeshCore
import MeshPlatform
import MeshStatus
import MeshTestSupport
import Testing

/// An endpoint on loopback, and clients of it on the same loop.
final class Stand {
    let loop: EventLoop
    let source = FakeSource()
    let endpoint: StatusEndpoint

    init(
        ipv6: Bool = false, _ edit: (inout StatusEndpoint.Options) -> Void = { _ in }
    ) throws {
        loop = try EventLoop()
        var options = StatusEndpoint.Options()
        options.limits.sweepPeriod = .milliseconds(20)
        edit(&options)
        let address =
            ipv6
            ? SocketAddress(host: Bytes16(high: 0, low: 1), port: 0)
            : SocketAddress(ipv4: 0x7F00_0001, port: 0)
        endpoint = try StatusEndpoint(
            on: loop, at: address, source: source, options: options,
            cryptography: StubCryptography())
    }

    deinit { endpoint.stop() }

    /// Sends `text` as it is and reads until the server closes, or `isEnough` says so.
    func exchange(
        _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Reply {
        let client = try connect()
        try client.send(text)
        return try Reply(
            read(client, sourceLocation: sourceLocation),
            sourceLocation: sourceLocation)
    }

    func read(
        _ client: Client, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let deadline = SystemClock.now + .seconds(20)
        while !client.isClosed {
            try #require(
                SystemClock.now < deadline, "still waiting after \(client.receivedCount) bytes",
                sourceLocation: sourceLocation)
            try turn()
            client.read()
        }
        return client.received
    }

    func turn() throws {
        try loop.turn(waitMax: .milliseconds(5))
        source.answerPending()
    }

    /// One request on a connection of its own.
    func get(
        _ path: String, method: String = "GET", headers: [String] = [], body: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Reply {
        var lines =
            ["\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close"] + headers
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        return try exchange(
            lines.joined(separator: "\r\n") + "\r\n\r\n" + body, sourceLocation: sourceLocation)
    }

    func connect() throws -> Client { try Client(to: endpoint.address) }
}

/// A client that sends whatever a test likes.
final class Client {
    private let descriptor: FileDescriptor
    private var bytes: [UInt8] = []
    private(set) var isClosed = false

    init(to address: SocketAddress) throws {
        let family = address.isIPv4 ? AF_INET : AF_INET6
        let number = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        try #require(number >= 0)
        descriptor = FileDescriptor(owning: number)
        let answer: CInt
        if address.isIPv4 {
            var target = sockaddr_in()
            target.sin_family = sa_family_t(AF_INET)
            target.sin_port = address.port.bigEndian
            target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            // One structure of our own, read as the general one, with its size.
            answer = unsafe withUnsafePointer(to: &target) { start in
                unsafe start.withMemoryRebound(to: sockaddr.self, capacity: 1) { start in
                    unsafe Glibc.connect(number, start, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        } else {
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            target.sin6_port = address.port.bigEndian
            target.sin6_addr = in6addr_loopback
            // The same.
            answer = unsafe withUnsafePointer(to: &target) { start in
                unsafe start.withMemoryRebound(to: sockaddr.self, capacity: 1) { start in
                    unsafe Glibc.connect(
                        number, start, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        try #require(answer == 0 || errno == EINPROGRESS)
    }

    var received: String { String(decoding: bytes, as: UTF8.self) }
    var receivedCount: Int { bytes.count }

    /// A short text finds room at once on loopback, even before the server has accepted.
    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        for _ in 0..<2_000 where sent < bytes.count {
            let rest = Array(bytes[sent...])
            let count = unsafe Glibc.send(
                descriptor.number, rest, rest.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                sent += count
            } else if errno == EAGAIN || errno == ENOTCONN {
                var waited = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&waited, 1, 10)
                return
            } else {
                isClosed = true
                return
            }
        }
    }

    func read() {
        while !isClosed {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe recv(descriptor.number, &buffer, buffer.count, 0)
            if count > 0 {
                bytes.append(contentsOf: buffer[..<count])
            } else if count == 0 || (errno != EAGAIN && errno != ENOTCONN) {
                isClosed = true
            } else {
                return
            }
        }
    }
}

/// An answer, taken apart.
struct Reply {
    var status: Int
    var headers: [String: String] = [:]
    var body: String

    init(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let halves = text.split(
            separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        var lines = halves[0].split(separator: "\r\n")
        let first = try #require(lines.first, "no answer", sourceLocation: sourceLocation)
        let words = first.split(separator: " ")
        try #require(words.count >= 2, "\(first)", sourceLocation: sourceLocation)
        status = try #require(Int(words[1]), "\(first)", sourceLocation: sourceLocation)
        lines.removeFirst()
        for line in lines {
            let pair = line.split(separator: ":", maxSplits: 1)
            headers[pair[0].lowercased()] = pair.count > 1 ? String(pair[1].drop { $0 == " " }) : ""
        }
        body = halves.count > 1 ? String(halves[1]) : ""
        if headers["transfer-encoding"] == "chunked" { body = Self.joined(body) }
    }

    private static func joined(_ chunked: String) -> String {
        var rest = Array(chunked.utf8)[...]
        var body: [UInt8] = []
        while let end = rest.firstIndex(of: 0x0A),
            let count = Int(String(decoding: rest[..<(end - 1)], as: UTF8.self), radix: 16),
            count > 0
        {
            body += rest[(end + 1)...].prefix(count)
            rest = rest.dropFirst(end + 1 - rest.startIndex + count + 2)
        }
        return String(decoding: body, as: UTF8.self)
    }
}
