import MeshCore
import MeshCrypto
import MeshEngine
import MeshMembership
import MeshPlatform
import MeshStreams

/// Which of the node's streams is which connection: opens and accepts them, passes bytes both ways.
///
/// No event follows a close of the node's own, and exactly one `.closed` ends a stream that
/// somebody else ended: `SecureStream` keeps both. Bound: the node refuses streams beyond its own
/// number.
final class StreamDesk {
    private let loop: EventLoop
    private let context: TLSContext
    private unowned let shell: NodeShell
    private var streams: [StreamID: SecureStream] = [:]
    private var listener: SecureListener?
    private var strangers: StrangerWatch

    var openCount: Int { streams.count }
    var counters: SecureListener.Counters? { listener?.counters }
    var connectionCounters: TCPListener.Counters? { listener?.connectionCounters }

    init(_ shell: NodeShell, _ context: TLSContext, _ log: Log) {
        self.shell = shell
        self.context = context
        strangers = StrangerWatch(log)
        loop = shell.loop
    }

    /// Accepts what peers open from now on.
    func listen(at address: SocketAddress) throws(SystemError) {
        listener = try SecureListener(on: loop, at: address, context) { [unowned self] stream in
            self.accept(stream)
        }
        listener?.onFailure = { [unowned self] peer, ending in
            strangers.knocked(ending, from: peer, now: loop.now)
        }
    }

    func closeAll() {
        listener?.close()
        for stream in streams.values { stream.abort() }
        streams = [:]
    }

    // MARK: What the node wants

    func open(_ stream: StreamID, to address: SocketAddress) {
        streams[stream] = SecureStream(connecting: loop, to: address, context) { [unowned self] in
            self.hear($0, on: stream)
        }
    }

    func write(_ bytes: [UInt8], on stream: StreamID) { streams[stream]?.write(bytes) }

    func close(_ stream: StreamID) { streams.removeValue(forKey: stream)?.close() }

    // MARK: What happens to it

    private func accept(_ connection: SecureStream) {
        let peer = connection.peer
        guard let id = shell.tell({ node, now in node.acceptStream(from: peer, now: now) }) ?? nil
        else { return connection.close() }
        streams[id] = connection
        connection.onEvent { [unowned self] in self.hear($0, on: id) }
    }

    private func hear(_ event: SecureStream.Event, on stream: StreamID) {
        guard let connection = streams[stream] else { return }
        let heard: StreamEvent
        switch event {
        case .opened: heard = .opened
        case .received(let bytes): heard = .received(bytes)
        case .closed(let ending):
            if !connection.isOpened {
                strangers.turnedAway(ending, by: connection.peer, now: loop.now)
            }
            streams[stream] = nil
            heard = .closed
        }
        shell.tell { node, now in node.handle(heard, on: stream, now: now) }
    }
}
