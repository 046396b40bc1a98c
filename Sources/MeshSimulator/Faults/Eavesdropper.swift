import MeshCore

/// What attackers on the path have seen go by: the last few hundred datagrams that were taken.
struct Eavesdropper: Sendable {
    struct Capture: Sendable {
        var datagram: [UInt8]
        var source: SocketAddress
        var receiver: Int
        /// The receiver's life that has handled it.
        var life: Int
    }

    /// Older ones are overwritten.
    static let capturesMax = 512
    private(set) var captures: [Capture] = []
    private var seen = 0

    mutating func watch(_ happening: Happening, in world: World) {
        guard
            case .delivered(let process, let datagram, let source, .genuine, wasRejected: false) =
                happening
        else { return }
        let capture = Capture(
            datagram: datagram, source: source, receiver: process,
            life: world.processes[process].life)
        if captures.count < Self.capturesMax {
            captures.append(capture)
        } else {
            captures[seen % Self.capturesMax] = capture
        }
        seen += 1
    }
}
