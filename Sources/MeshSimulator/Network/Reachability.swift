package import MeshCore

/// Which processes' packets can reach which at this moment: partitions, one-way blocks, flapping
/// links and hosts whose UDP is dropped.
///
/// The common case, a whole network, is one comparison.
package struct Reachability: Sendable {
    /// Processes in different groups don't hear each other.
    private var groups: [UInt16]
    private var datagramsBlocked: [Bool]
    /// Directed links, as `link(from, to)`. Only looked up, never walked.
    private var blockedLinks: Set<UInt64> = []
    /// Links that are down for every second half of their period.
    private var flappingLinks: [UInt64: TimeSpan] = [:]
    private var isPartitioned = false
    private var blockedDatagramCount = 0

    init(processCount: Int) {
        groups = Array(repeating: 0, count: processCount)
        datagramsBlocked = Array(repeating: false, count: processCount)
    }

    /// Whether every path is open both ways, for datagrams and streams.
    package var isWhole: Bool {
        !isPartitioned && blockedLinks.isEmpty && flappingLinks.isEmpty
    }

    package func passes(
        from sender: Int, to receiver: Int, isDatagram: Bool, now: Instant
    ) -> Bool {
        if isWhole && blockedDatagramCount == 0 { return true }
        if groups[sender] != groups[receiver] { return false }
        if isDatagram, datagramsBlocked[sender] || datagramsBlocked[receiver] { return false }
        let link = Self.link(sender, receiver)
        if blockedLinks.contains(link) { return false }
        if let period = flappingLinks[link] {
            return now.nanoseconds / (period.nanoseconds / 2) & 1 == 0
        }
        return true
    }

    /// Whether both directions are open for streams: what a pair needs to know of each other.
    package func isConnected(_ one: Int, _ other: Int) -> Bool {
        groups[one] == groups[other]
            && !blockedLinks.contains(Self.link(one, other))
            && !blockedLinks.contains(Self.link(other, one))
    }

    mutating func partition(_ group: [UInt16]) {
        precondition(group.count == groups.count, "expected a group for each process")
        groups = group
        isPartitioned = group.contains { $0 != group[0] }
    }

    mutating func block(from sender: Int, to receiver: Int) {
        blockedLinks.insert(Self.link(sender, receiver))
    }

    mutating func flap(from sender: Int, to receiver: Int, period: TimeSpan) {
        precondition(period.nanoseconds >= 2, "expected a period that can be halved")
        flappingLinks[Self.link(sender, receiver)] = period
    }

    /// Joins all groups and mends all links.
    mutating func heal() {
        partition(Array(repeating: 0, count: groups.count))
        blockedLinks = []
        flappingLinks = [:]
    }

    mutating func setDatagramsBlocked(_ isBlocked: Bool, of process: Int) {
        if isBlocked != datagramsBlocked[process] { blockedDatagramCount += isBlocked ? 1 : -1 }
        datagramsBlocked[process] = isBlocked
    }

    private static func link(_ sender: Int, _ receiver: Int) -> UInt64 {
        UInt64(sender) << 32 | UInt64(receiver)
    }
}
