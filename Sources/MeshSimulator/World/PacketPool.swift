import MeshCore

/// Datagrams on their way, in slots that are used again: the queue carries a number instead of a
/// reference.
///
/// Bound: what the nodes send within the longest delay; figures show the most there ever were.
struct PacketPool: Sendable {
    struct Packet: Sendable {
        var bytes: [UInt8]
        var from: SocketAddress
        /// The sending process; `nil` for an outsider.
        var sender: UInt32
        var receiver: UInt32
        var provenance: Happening.Provenance
        /// Names the pair if the network doubled it; 0 otherwise.
        var copyOf: UInt32
        /// The receiver's life that has handled these bytes before, for an attacker's replay.
        var handledInLife: UInt32
    }

    private var packets: [Packet] = []
    private var free: [UInt32] = []
    private(set) var countMax = 0

    static let outsider = UInt32.max

    var count: Int { packets.count - free.count }

    mutating func insert(_ packet: Packet) -> UInt32 {
        let slot: UInt32
        if let reused = free.popLast() {
            packets[Int(reused)] = packet
            slot = reused
        } else {
            slot = UInt32(packets.count)
            packets.append(packet)
        }
        countMax = max(countMax, count)
        return slot
    }

    mutating func remove(_ slot: UInt32) -> Packet {
        free.append(slot)
        let packet = packets[Int(slot)]
        packets[Int(slot)].bytes = []
        return packet
    }
}
