import MeshCore
import MeshCrypto
import MeshPlatform
import MeshStreams
import MeshTestSupport
import Testing

/// What one end of a stream has been told.
final class Ear {
    private(set) var events: [SecureStream.Event] = []
    private(set) var bytes: [UInt8] = []

    func hear(_ event: SecureStream.Event) {
        events.append(event)
        if case .received(let more) = event { bytes += more }
    }

    /// Events but the bytes.
    var marks: [SecureStream.Event] {
        events.filter { if case .received = $0 { false } else { true } }
    }
    var ending: SecureStream.Ending? {
        if case .closed(let ending) = events.last { ending } else { nil }
    }
}

/// A listener, and what it has handed over.
final class Server {
    let listener: SecureListener
    let ear = Ear()
    let streams = Heard<SecureStream>()
    let failures = Heard<SecureStream.Ending>()

    init(
        on loop: EventLoop, _ context: TLSContext, at address: SocketAddress = .anyIPv4
    ) throws {
        let (ear, streams, failures) = (ear, streams, failures)
        listener = try SecureListener(on: loop, at: address, context) { stream in
            streams.all.append(stream)
            stream.onEvent { ear.hear($0) }
        }
        listener.onFailure = { failures.all.append($1) }
    }
}

extension TLSContext {
    convenience init(_ mesh: String = "production", _ secrets: String...) throws {
        let secrets = secrets.isEmpty ? ["a secret of the mesh"] : secrets
        self.init(mesh: try #require(Label(mesh)), secrets: secrets.map { Array($0.utf8) })
    }
}

/// A server and one client with an open stream, on one loop or on two.
struct SecurePair {
    let loop: EventLoop
    let serverLoop: EventLoop
    let server: Server
    let client: SecureStream
    let ear = Ear()

    var accepted: SecureStream { server.streams.all[0] }

    init(apart: Bool = false, at address: SocketAddress = .anyIPv4, idleTimeMax: TimeSpan? = nil)
        throws
    {
        let context = try TLSContext()
        loop = try EventLoop()
        serverLoop = apart ? try EventLoop() : loop
        server = try Server(on: serverLoop, context, at: address)
        let ear = ear
        client = SecureStream(
            connecting: loop, to: server.listener.address, context, idleTimeMax: idleTimeMax
        ) { ear.hear($0) }
        let server = server
        try run { server.streams.count == 1 && ear.events == [.opened] }
    }

    func run(until isDone: () -> Bool) throws {
        try loop.run(with: serverLoop, until: isDone)
    }
}
