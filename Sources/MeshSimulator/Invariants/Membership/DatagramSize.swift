import MeshMembership

/// No datagram is larger than every path carries.
package struct DatagramSize: Invariant {
    package static let name = "datagram-size"
    package static let promise = "a datagram has at most 1,200 bytes, header and tag included"

    package init() {}

    package var interests: Happening.Kinds { .sent }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .sent(let process, let datagram, _) = happening,
            datagram.count > MembershipBounds.datagramByteCountMax
        else { return }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) sent \(datagram.count) bytes at once")
    }
}
