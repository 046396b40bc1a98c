import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

/// What one end of a connection has been told.
final class Ear {
    private(set) var events: [TCPStream.Event] = []
    private(set) var bytes: [UInt8] = []
    var byteCount: Int { bytes.count }

    func hear(_ event: TCPStream.Event) {
        events.append(event)
        if case .received(let more) = event { bytes += more }
    }

    /// Events but the bytes.
    var marks: [TCPStream.Event] {
        events.filter { if case .received = $0 { false } else { true } }
    }
    var ending: TCPStream.Ending? {
        if case .closed(let ending) = events.last { ending } else { nil }
    }
}

/// A listener, and one connection to it, each end on a loop of its own unless told otherwise.
struct StreamPair {
    let clientLoop: EventLoop
    let serverLoop: EventLoop
    let listener: TCPListener
    let client: TCPStream
    let server: TCPStream
    let clientEar = Ear()
    let serverEar = Ear()

    init(
        at host: SocketAddress = .anyIPv4, apart: Bool = false,
        pendingByteCountMax: Int = TCPStream.pendingByteCountDefault
    ) throws {
        let clientLoop = try EventLoop()
        let serverLoop = apart ? try EventLoop() : clientLoop
        let accepted = Heard<TCPStream>()
        let serverEar = serverEar
        let clientEar = clientEar
        listener = try TCPListener(on: serverLoop, at: host) { connection in
            let stream = try? TCPStream(
                connection, on: serverLoop, pendingByteCountMax: pendingByteCountMax
            ) { serverEar.hear($0) }
            if let stream { accepted.all.append(stream) }
        }
        client = TCPStream(
            connecting: clientLoop, to: listener.address, within: .seconds(5),
            pendingByteCountMax: pendingByteCountMax
        ) { clientEar.hear($0) }
        let deadline = SystemClock.now + .seconds(10)
        while accepted.count == 0 || clientEar.events.isEmpty, SystemClock.now < deadline {
            try clientLoop.turn(waitMax: .milliseconds(5))
            if apart { try serverLoop.turn(waitMax: .milliseconds(5)) }
        }
        server = try #require(accepted.all.first)
        self.clientLoop = clientLoop
        self.serverLoop = serverLoop
    }

    /// Turns both loops until `isDone`.
    func run(until isDone: () -> Bool) throws {
        try clientLoop.run(with: serverLoop, until: isDone)
    }
}
