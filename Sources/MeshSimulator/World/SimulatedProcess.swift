import MeshChecks
package import MeshCore
package import MeshEngine
import MeshMembership
import MeshNotices

/// One place where a node runs: a host with an address, a disk and a clock, and at most one
/// process on it. A restart is the next life of the same place.
///
/// A class, so that looking at one field of one process does not copy a whole node: as a struct in
/// the world's array it cost a quarter of every run.
package final class SimulatedProcess {
    package let number: Int
    package let name: Label
    package let zone: Label
    package let address: SocketAddress
    package var disk = Disk()
    package internal(set) var state = State.absent
    /// How often it has been started.
    package internal(set) var life = 0
    package internal(set) var node: Node?
    package internal(set) var keys = FakeKeyPair(seed: 0)
    /// Which of the world's identities runs here now, or ran last.
    package internal(set) var identity = 0
    package internal(set) var bootID = BootID(0)
    /// The generation that this life began with.
    package internal(set) var startGeneration: UInt32 = 0
    package internal(set) var startedAt = Instant.zero
    package internal(set) var resumedAt = Instant.zero
    /// When it last ended or was paused.
    package internal(set) var stoppedAt = Instant(nanoseconds: .min / 2)
    /// Its monotonic clock is ahead of the world's by this: instants of two nodes never compare.
    var clockOffset = TimeSpan.zero
    /// How far its wall clock is off. No protocol decision may notice.
    var wallClockOffsetMilliseconds: Int64 = 0
    /// Its wall clock has jumped, or its configuration has changed, while it was paused.
    var isWallClockNews = false
    var isPlanNews = false
    /// When the one wake-up that counts is due; others in the queue are stale.
    var wakeAt: Instant?
    /// What arrived while it was paused, in order.
    var backlog: [Arrival] = []
    var backlogDatagramCount = 0
    /// Which connection each of its streams is. Walked only in the order of the stream's number.
    var connections: [StreamID: UInt32] = [:]
    /// Whether it has been asked to leave.
    package internal(set) var isLeaving = false

    /// Datagrams that a socket buffer holds for a process that doesn't read. The newest give way,
    /// as in a kernel.
    static let backlogDatagramsMax = 512

    package enum State: Sendable, Hashable {
        case absent
        case running
        /// Stopped as by SIGSTOP or a starved machine: sockets fill, timers wait.
        case paused
        /// Killed or stopped. `hostAnswers`: the machine still refuses connections, as after
        /// `kill -9`; otherwise it is silent, as after a power cut.
        case down(hostAnswers: Bool)
    }

    enum Arrival: Sendable {
        case datagram([UInt8], from: SocketAddress, Happening.Provenance, copyOf: UInt32)
        case accept(connection: UInt32)
        case stream(connection: UInt32, StreamStep.Side, StreamEvent)
        case signature(Signature, SigningToken)
        case resolved(seed: Int)
        case observation(PendingLook)
        case delivery(Delivery, DeliveryOrder)
        case stored(StoreToken)
    }

    init(number: Int, name: Label, zone: Label, address: SocketAddress) {
        self.number = number
        self.name = name
        self.zone = zone
        self.address = address
    }

    /// Whether a process exists: it runs or is paused.
    package var isUp: Bool {
        switch state {
        case .running, .paused: true
        case .absent, .down: false
        }
    }

    /// The world's time as this process's clock shows it.
    func local(_ now: Instant) -> Instant { now + clockOffset }
}
