import MeshCore

/// Contact with the peers that the configuration names: at the start, and again whenever too few
/// members are reachable, each time resolved anew because addresses change.
///
/// A seed is *answered* once an exchange of lists with it has ended. One that is silent is tried
/// three times a second apart, then at intervals that double up to five minutes: two halves of a
/// mesh that never met must meet in the end, without a thousand nodes asking a dead name for ever.
/// A node that none has answered yet can do nothing without one: it goes on at the first interval,
/// and asks at once when somebody has come (`hurry`).
struct SeedJoiner: Sendable {
    private static let quickTries = 3
    private static let quickInterval: TimeSpan = .seconds(1)
    private static let slowestInterval: TimeSpan = .minutes(5)

    struct Seed: Sendable {
        /// Which node answered there last.
        var node: NodeID?
        /// It is this node itself, as far as is known: no peer to wait for.
        var isOwn = false
        /// Resolution or exchange under way.
        var isBusy = false
        /// Addresses of the last resolution still to be tried.
        var addresses: [SocketAddress] = []
        var tries = 0
        var triedAt: Instant = .zero
        var nextTry: Instant = .zero
    }

    private(set) var seeds: [Seed]

    init(count: Int) { seeds = Array(repeating: Seed(), count: count) }

    /// Seeds to be resolved now. `isNeeded` says whether a seed that has answered should be
    /// asked again: the node behind it is not reachable and the list looks small.
    mutating func due(now: Instant, isNeeded: (NodeID) -> Bool) -> [Int] {
        var due: [Int] = []
        for index in seeds.indices {
            let seed = seeds[index]
            guard !seed.isBusy, seed.nextTry <= now else { continue }
            if let node = seed.node, !isNeeded(node) { continue }
            seeds[index].isBusy = true
            due.append(index)
        }
        return due
    }

    /// Whether the configuration names anybody but this node.
    var namesOthers: Bool { seeds.contains { !$0.isOwn } }

    /// Whether every peer that is named has answered once or has failed its quick tries.
    var areSettled: Bool {
        seeds.allSatisfy { $0.isOwn || $0.node != nil || $0.tries >= Self.quickTries }
    }

    /// Whether `node` has answered as one of those that are named.
    func names(_ node: NodeID) -> Bool { seeds.contains { $0.node == node } }

    /// When the next silent seed is due.
    func nextTry(isNeeded: (NodeID) -> Bool) -> Instant? {
        var earliest: Instant?
        for seed in seeds where !seed.isBusy {
            if let node = seed.node, !isNeeded(node) { continue }
            earliest = min(earliest ?? seed.nextTry, seed.nextTry)
        }
        return earliest
    }

    mutating func resolved(_ index: Int, to addresses: [SocketAddress]) {
        seeds[index].addresses = addresses
        seeds[index].isOwn = false
    }

    /// The next address of a seed to try; `nil` if none is left, and the try has failed.
    mutating func nextAddress(of index: Int) -> SocketAddress? {
        seeds[index].addresses.isEmpty ? nil : seeds[index].addresses.removeFirst()
    }

    /// The seed is this node itself: nothing to do there until the name is looked up again.
    mutating func isSelf(_ index: Int, now: Instant) {
        seeds[index].isOwn = true
        seeds[index].isBusy = false
        seeds[index].nextTry = now + Self.slowestInterval
    }

    mutating func answered(_ index: Int, by node: NodeID, now: Instant) {
        seeds[index].node = node
        seeds[index].isBusy = false
        seeds[index].tries = 0
        seeds[index].nextTry = now
    }

    /// Somebody is there who was not: asks those that are silent again, a second after the last
    /// time or now.
    mutating func hurry(now: Instant) {
        for index in seeds.indices where seeds[index].node == nil && !seeds[index].isOwn {
            let soonest = max(now, seeds[index].triedAt + Self.quickInterval)
            seeds[index].nextTry = min(seeds[index].nextTry, soonest)
        }
    }

    mutating func failed(
        _ index: Int, now: Instant, interval: TimeSpan, using generator: inout SeededGenerator
    ) {
        seeds[index].isBusy = false
        seeds[index].tries += 1
        seeds[index].triedAt = now
        let slowTries = max(0, seeds[index].tries - Self.quickTries)
        let slowest = seeds.contains { $0.node != nil } ? Self.slowestInterval : interval
        let wait =
            slowTries == 0
            ? Self.quickInterval : min(interval * (1 << min(slowTries - 1, 10)), slowest)
        // A tenth of jitter: nodes started together need not ask together.
        seeds[index].nextTry = now + wait + generator.span(from: .zero, to: wait / 10)
    }
}
