import MeshCore
import MeshMembership

/// A TCP connection with TLS on it, as far as a node can notice: a handshake, bytes in order,
/// retransmission with growing timeouts, resets, and the silence of a half-open end.
///
/// Bytes move in *flights*: everything that is queued, up to a window, sent at once. Each segment
/// of a flight is lost or not; what was lost is sent again after a timeout; the flight is handed
/// over when it is whole (RFC 9293, timeouts after RFC 6298). One flight a direction is under way
/// at a time, so a connection holds at most a window and what its node has queued.
struct Connection: Sendable {
    var client: End
    var server: End
    /// Both ends' kernels have shaken hands.
    var isEstablished = false
    /// The server's kernel has it; its process may not have looked yet.
    var isAcceptQueued = false

    struct End: Sendable {
        let process: Int
        /// The start of the process that this end belongs to.
        var life: Int
        /// `nil` at a server that has not accepted yet.
        var stream: StreamID?
        /// The node may still use it.
        var isOpen = true
        var queue: [UInt8] = []
        var closesWhenSent = false
        var flight: Flight?
    }

    struct Flight: Sendable {
        var bytes: [UInt8]
        /// Segments that have not got through.
        var remainingSegments: Int
        var attempt = 0
        var startedAt: Instant
        /// Ends the stream after these bytes.
        var isLast: Bool
    }

    static let segmentByteCount = 1_400
    static let windowByteCount = 64 * 1_024
    /// Attempts to connect are this many, 1, 2, 4 … seconds apart.
    static let connectAttemptsMax: UInt8 = 6
    /// A flight that is not through after this breaks the connection.
    static let flightTimeMax = TimeSpan.seconds(15)
    static let retransmissionMin = TimeSpan.milliseconds(200)

    // What is added to a node's traffic: headers of IPv4 and TCP on every segment and its
    // acknowledgement, a TLS record on each, and TLS 1.3's handshake with a pre-shared key, sizes
    // as OpenSSL sends them.
    static let segmentOverhead = 40 + 22
    static let acknowledgementByteCount = 40
    static let clientHandshakeByteCount = 60 + 40 + 330 + 74
    static let serverHandshakeByteCount = 60 + 230

    /// Which end `stream` of `process` is. Both numbers are asked: two processes name their streams
    /// each for itself, and most begin with the same name.
    func side(of stream: StreamID, at process: Int) -> StreamStep.Side {
        client.process == process && client.stream == stream ? .client : .server
    }

    subscript(side: StreamStep.Side) -> End {
        get {
            switch side {
            case .client: client
            case .server: server
            }
        }
        _modify {
            switch side {
            case .client: yield &client
            case .server: yield &server
            }
        }
    }
}
