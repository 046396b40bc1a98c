package import MeshCore
import MeshEngine
import MeshMembership

/// Times how fast the mesh learns: from a process's end until the first and the last know, from a
/// start until all know.
package struct DetectionRecorder: Sendable {
    package private(set) var firstDeath = Distribution()
    package private(set) var lastDeath = Distribution()
    package private(set) var join = Distribution()
    /// Ends and starts that were over before everybody knew.
    package private(set) var unfinished = 0

    /// Something that everybody is to learn about one identity.
    private struct News: Sendable {
        var identity: Int
        var generation: UInt32
        var at: Instant
        var isEnd: Bool
        var wasNoticed = false
        /// How many have reported it; only when this is all, who is asked in full.
        var reports = 0
    }

    private var open: [News] = []
    /// The mesh's own beginning is no join: everybody is new to everybody.
    private let joinsCountFrom: Instant

    package init(joinsCountFrom: Instant) { self.joinsCountFrom = joinsCountFrom }

    package mutating func observe(_ happening: Happening, in world: World) {
        switch happening {
        case .started(let process):
            let identity = world.processes[process].identity
            drop(identity)
            guard world.now >= joinsCountFrom else { return }
            open.append(
                News(
                    identity: identity, generation: world.processes[process].startGeneration,
                    at: world.now, isEnd: false))
        case .ended(let process, let ending):
            let identity = world.processes[process].identity
            drop(identity)
            // A goodbye is no detection.
            guard ending == .killed, world.holderCount(of: identity) == 0 else { return }
            open.append(
                News(
                    identity: identity, generation: world.processes[process].startGeneration,
                    at: world.now, isEnd: true))
        case .reported(_, .changed(let subject, _, let state, let generation, _, _), _):
            guard !open.isEmpty, let identity = world.identities.number(of: subject) else { return }
            learn(identity, isReachable: state.isReachable, generation: generation, in: world)
        case .paused, .resumed, .sent, .delivered, .reported, .deadlineHandled, .looked, .flipped,
            .checkReported, .ordered, .accepted, .answered, .noticeReported:
            break
        }
    }

    private mutating func drop(_ identity: Int) {
        let before = open.count
        open.removeAll { $0.identity == identity }
        unfinished += before - open.count
    }

    private mutating func learn(
        _ identity: Int, isReachable: Bool, generation: UInt32, in world: World
    ) {
        guard
            let index = open.firstIndex(where: {
                $0.identity == identity && $0.isEnd != isReachable && $0.generation <= generation
            })
        else { return }
        let elapsed = (world.now - open[index].at).inSeconds
        if open[index].isEnd, !open[index].wasNoticed {
            open[index].wasNoticed = true
            firstDeath.add(elapsed)
        }
        open[index].reports += 1
        guard open[index].reports >= world.runningCount - 1,
            world.allKnow(open[index].isEnd, identity)
        else { return }
        if open[index].isEnd { lastDeath.add(elapsed) } else { join.add(elapsed) }
        open.remove(at: index)
    }
}

extension World {
    /// Whether every running process holds `identity` for ended, or for reachable.
    fileprivate func allKnow(_ isEnd: Bool, _ identity: Int) -> Bool {
        processes.allSatisfy { process in
            guard process.state == .running, process.identity != identity else { return true }
            let state = views.view(of: identity, by: process.number)?.standing.state
            return isEnd ? !(state?.isReachable ?? false) : state?.isReachable ?? false
        }
    }
}
