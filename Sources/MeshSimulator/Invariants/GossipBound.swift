import MeshCore
import MeshMembership

/// Gossip ends: a node sends one update only so often.
///
/// Reading every datagram costs more than the rest of a large run together, so this one looks at
/// small worlds only.
package struct GossipBound: Invariant {
    package static let name = "gossip-bound"
    package static let promise =
        "an update is gossiped at most 4 x ceil(log10(n + 1)) times by one node (SWIM 4.1)"

    private let bounds: Bounds
    /// Times sent, by a hash of process, kind and body. Only looked up.
    private var sends: [UInt64: Int] = [:]

    /// Larger worlds are not read.
    package static let processesMax = 20
    /// Beside gossip a suspect is told what it is accused of on every ping (Lifeguard's buddy), a
    /// joining node introduces itself on every contact, and an update that is superseded and
    /// confirmed again may start over: this factor and this many more.
    private static let allowanceFactor = 3
    private static let allowance = 60

    package init(bounds: Bounds) { self.bounds = bounds }

    package var interests: Happening.Kinds { .sent }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .sent(let process, let datagram, _) = happening,
            world.processes.count <= Self.processesMax,
            let contents = DatagramHeader.contents(of: datagram),
            contents.message == .gossip
        else { return }
        for update in contents.updates {
            var hash = QuickHash(UInt64(process), UInt64(world.processes[process].life))
            hash.absorb(UInt64(update.kind))
            hash.absorb(update.body)
            let count = sends[hash.digest.high, default: 0] + 1
            sends[hash.digest.high] = count
            if count == bounds.sendsPerUpdate * Self.allowanceFactor + Self.allowance {
                log.add(
                    Self.self, at: world.now,
                    "\(world.processes[process].name) sent one update \(count) times")
            }
        }
    }
}
