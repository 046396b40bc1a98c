import MeshCore

/// A generation is on disk before anybody hears of it: after a crash the next is higher.
package struct StoredGeneration: Invariant {
    package static let name = "stored-generation"
    package static let promise = "no datagram bears a generation that is not stored (design 4)"

    package init() {}

    package var interests: Happening.Kinds { .sent }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .sent(let process, let datagram, _) = happening,
            let introduction = DatagramHeader(datagram)?.identity,
            introduction.generation > world.processes[process].disk.generation
        else { return }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) sends as generation \(introduction.generation) with "
                + "\(world.processes[process].disk.generation) on its disk")
    }
}
