import MeshCore
import MeshMembership

/// Of two processes that run from copies of one data directory, one stops, never both.
package struct CloneStops: Invariant {
    package static let name = "clone-stops"
    package static let promise =
        "one of two living clones stops within a bound, never both (design 4)"

    private struct Pair: Sendable {
        var identity: Int
        var since: Instant
    }

    private let bounds: Bounds
    /// Keys that run twice now.
    private var pairs: [Pair] = []
    /// When one of a pair last ended by somebody else's hand, by identity: what it said lives on in
    /// the mesh for a while, and the other may still meet it. Only looked up.
    private var bereaved: [Int: Instant] = [:]

    package init(bounds: Bounds) { self.bounds = bounds }

    package var interests: Happening.Kinds { .lives }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        switch happening {
        case .started(let process):
            let identity = world.processes[process].identity
            if world.holderCount(of: identity) > 1 {
                pairs.append(Pair(identity: identity, since: world.now))
            }
        case .ended(let process, let ending):
            let identity = world.processes[process].identity
            if ending == .killed, world.holderCount(of: identity) > 0 {
                bereaved[identity] = world.now
            }
            let isExcused = bereaved[identity].map { world.now - $0 <= bounds.clone } ?? false
            if case .stopped(.clone) = ending, world.holderCount(of: identity) == 0, !isExcused {
                log.add(
                    Self.self, at: world.now,
                    "\(world.processes[process].name) stopped for a clone that does not run")
            }
            if world.holderCount(of: identity) < 2 {
                pairs.removeAll { $0.identity == identity }
            }
        case .paused, .resumed, .sent, .delivered, .reported, .deadlineHandled, .looked, .flipped,
            .checkReported, .ordered, .accepted, .answered, .noticeReported:
            break
        }
    }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        pairs.removeAll { pair in
            let since = max(pair.since, world.calm.lastImpairment ?? .zero)
            guard !world.calm.isImpaired, world.now - since >= bounds.clone else { return false }
            log.add(
                Self.self, at: world.now,
                "two processes run with the key of \(world.identities.all[pair.identity].name) "
                    + "since \(pair.since.seconds)")
            return true
        }
    }
}

extension World {
    /// How many processes exist with this key.
    func holderCount(of identity: Int) -> Int {
        processes.count { $0.isUp && $0.identity == identity }
    }
}
