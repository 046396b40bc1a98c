import MeshMembership

/// A datagram is taken once, and only if a node sealed it.
package struct NothingTwice: Invariant {
    package static let name = "nothing-twice"
    package static let promise =
        "no datagram is handled twice by one receiver, no forged one at all (design 4)"

    package init() {}

    package var interests: Happening.Kinds { .suspicious }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard
            case .delivered(let process, let datagram, let sender, let provenance, false) =
                happening
        else { return }
        switch provenance {
        case .genuine, .redirected: return
        case .repeated, .forged: break
        }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) took a \(provenance) datagram of "
                + "\(datagram.count) bytes from \(sender)")
    }
}
