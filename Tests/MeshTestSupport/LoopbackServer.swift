import Glibc
package import MeshCore
package import MeshPlatform

/// A server of a test's own, on the loop that the test turns: what it says, and when, is the
/// test's.
package final class LoopbackServer {
    /// One connection, from the server's side.
    package final class Peer {
        package fileprivate(set) var received: [UInt8] = []
        /// Called with every piece that has come.
        package var receive: (Peer) -> Void = { _ in }
        fileprivate let number: CInt
        fileprivate var watch: EventLoop.Watch?
        private let loop: EventLoop
        private weak let server: LoopbackServer?

        fileprivate init(_ number: CInt, on loop: EventLoop, of server: LoopbackServer) {
            self.number = number
            self.loop = loop
            self.server = server
        }

        /// False once either side has closed.
        package var isOpen: Bool { server?.peers.contains { $0 === self } ?? false }

        package var text: String { String(decoding: received, as: UTF8.self) }

        /// False once the other side takes no more for now, or is gone.
        @discardableResult
        package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        @discardableResult
        package func send(_ bytes: [UInt8]) -> Bool {
            // Reads the bytes for the length of the call.
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    number, $0.baseAddress, $0.count,
                    CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            return sent == bytes.count
        }

        package func close() {
            guard let watch else { return }
            loop.cancel(watch)
            self.watch = nil
            _ = Glibc.close(number)
            server?.peers.removeAll { $0 === self }
        }

        /// Ends the connection as a crashed machine does.
        package func reset() {
            var linger = linger(l_onoff: 1, l_linger: 0)
            // Reads one structure, our own.
            unsafe setsockopt(
                number, SOL_SOCKET, SO_LINGER, &linger,
                socklen_t(MemoryLayout<Glibc.linger>.size))
            close()
        }
    }

    package let address: SocketAddress
    package private(set) var accepted = 0
    package private(set) var peers: [Peer] = []
    private let loop: EventLoop
    private let listener: FileDescriptor
    private var watch: EventLoop.Watch?

    /// Listens on a port of the system's choice of 127.0.0.1, or of `host`. `talk` is called with
    /// every connection; without it nobody accepts.
    package init(
        on loop: EventLoop, host: SocketAddress = .loopback, backlog: CInt = 1_024,
        _ talk: ((Peer) -> Void)?
    ) throws {
        self.loop = loop
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let number = socket(host.family, CInt(type), 0)
        listener = FileDescriptor(owning: number)
        // Reads one address for the length of the call.
        let bound = unsafe host.withNative { unsafe bind(number, $0, $1) }
        guard bound == 0, listen(number, backlog) == 0 else { throw SystemError.last("listen") }
        address = Self.address(of: number) ?? host
        guard let talk else { return }
        watch = try loop.watch(number, for: .read) { [unowned self] _ in self.accept(talk) }
    }

    deinit {
        for peer in peers { peer.close() }
        if let watch { loop.cancel(watch) }
    }

    private func accept(_ talk: (Peer) -> Void) {
        while true {
            let number = Glibc.accept(listener.number, nil, nil)
            guard number >= 0 else { return }
            accepted += 1
            let peer = Peer(number, on: loop, of: self)
            peers.append(peer)
            talk(peer)
            peer.watch = try? loop.watch(number, for: .read) { [unowned peer] _ in
                Self.read(peer)
            }
        }
    }

    private static func read(_ peer: Peer) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // Writes at most the buffer.
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe recv(peer.number, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
        }
        guard count > 0 else {
            if count == 0 || errno != EAGAIN { peer.close() }
            return
        }
        peer.received += buffer[..<count]
        peer.receive(peer)
    }

    private static func address(of number: CInt) -> SocketAddress? {
        var storage = sockaddr_storage()
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // Writes our own variable, which has room for every family and begins as a sockaddr.
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { native in
                guard unsafe getsockname(number, native, &count) == 0 else { return nil }
                return unsafe SocketAddress(native: native, count: count)
            }
        }
    }

    /// Answers each request with what `answer` makes of its head and body, then closes.
    package static func http(
        on loop: EventLoop, host: SocketAddress = .loopback,
        _ answer: @escaping (String) -> String
    ) throws -> LoopbackServer {
        try LoopbackServer(on: loop, host: host) { peer in
            peer.receive = { peer in
                let text = peer.text
                guard text.contains("\r\n\r\n") else { return }
                peer.send(answer(text))
                peer.close()
            }
        }
    }

    package static func response(_ status: String, _ body: String = "", headers: String = "")
        -> String
    {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }
}

extension SocketAddress {
    /// A port of the system's choice of this machine.
    package static let loopback = SocketAddress(ipv4: 0x7F00_0001, port: 0)
    package static let loopback6 = SocketAddress(host: Bytes16(high: 0, low: 1), port: 0)

    /// A port of 127.0.0.1 where nobody listens: it was free a moment ago.
    package static func refusing(on loop: EventLoop) throws -> SocketAddress {
        try LoopbackServer(on: loop, nil).address
    }
}

extension EventLoop {
    /// Turns until `condition` holds; false if it does not within `timeout`.
    package func turn(
        within timeout: TimeSpan = .seconds(20), until condition: () -> Bool
    ) throws -> Bool {
        let end = SystemClock.now + timeout
        while !condition() {
            guard SystemClock.now < end else { return false }
            try turn(waitMax: .milliseconds(20))
        }
        return true
    }
}
