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
    /// Times sent in `minute`, by a hash of process, kind and body. Only looked up.
    private var sends: [UInt64: Int] = [:]
    private var minute = 0

    /// Larger worlds are not read.
    package static let processesMax = 20
    /// An accusation that was cleared and is made again starts over, word for word the same: this
    /// factor and this many more, a minute. Gossip without an end sends hundreds.
    private static let allowanceFactor = 3
    private static let allowance = 28
    /// A node's own words go out beside gossip, too: it reminds its accusers that it lives, five
    /// times a second at most, and says goodbye to sixteen members three times.
    private static let ownAllowance = 310

    package init(bounds: Bounds) { self.bounds = bounds }

    package var interests: Happening.Kinds { .sent }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .sent(let process, let datagram, let target) = happening,
            world.processes.count <= Self.processesMax, world.watch.liars[process] == nil,
            let contents = DatagramHeader.contents(of: datagram),
            contents.message == .gossip
        else { return }
        if world.counts.seconds / 60 != minute {
            minute = world.counts.seconds / 60
            sends = [:]
        }
        let receiver = world.identity(at: target)
        for update in contents.updates where !isTold(update, to: receiver) {
            var hash = QuickHash(UInt64(process), UInt64(world.processes[process].life))
            hash.absorb(UInt64(update.kind))
            hash.absorb(update.body)
            let isOwn = isOwn(update, of: process, in: world)
            let count = sends[hash.digest.high, default: 0] + 1
            sends[hash.digest.high] = count
            let limit = bounds.sendsPerUpdate * Self.allowanceFactor + Self.allowance
            if count == (isOwn ? limit + Self.ownAllowance : limit) {
                log.add(
                    Self.self, at: world.now,
                    "\(world.processes[process].name) sent one update \(count) times in a minute")
            }
        }
    }

    /// Whether an update is what its sender says of itself. A statement begins with its author's
    /// key, a goodbye with its author's id.
    private func isOwn(_ update: Update, of process: Int, in world: World) -> Bool {
        var reader = ByteReader(update.body)
        if update.kind == UpdateKind.alive {
            return (try? reader.readBytes32()) == world.processes[process].keys.publicKey.bytes
        }
        guard update.kind == MemberClaim.Kind.left.rawValue else { return false }
        let own = world.identities.all[world.processes[process].identity].id
        return (try? reader.readBytes16()) == own.bytes
    }

    /// Whether an update is a claim on its way to whom it accuses: that is no gossip, and follows
    /// whatever the accused sends. A claim begins with its subject's id.
    private func isTold(_ update: Update, to receiver: NodeID?) -> Bool {
        guard let receiver, MemberClaim.Kind(rawValue: update.kind) != nil else { return false }
        var reader = ByteReader(update.body)
        return (try? reader.readBytes16()) == receiver.bytes
    }
}

extension World {
    /// Whose process was last started at an address.
    fileprivate func identity(at address: SocketAddress) -> NodeID? {
        guard let place = AddressPlan.process(at: address), place < processes.count else {
            return nil
        }
        return identities.all[processes[place].identity].id
    }
}
