import MeshCore

/// What names were found to be, for as long as their own servers say, within bounds.
struct AddressCache {
    /// Names that are remembered. At more, one that is over goes; if none is, whichever comes first.
    static let namesMax = 20_000
    /// A record that changes with every answer is asked for no more often than this: a name that is
    /// looked at every second costs its servers one question in five.
    static let lifeMin = TimeSpan.seconds(5)
    /// A target that moves is followed within this, whatever its record says.
    static let lifeMax = TimeSpan.minutes(1)

    private struct Entry {
        var hosts: [SocketAddress]
        var until: Instant
    }
    private var entries: [String: Entry] = [:]

    var count: Int { entries.count }

    func hosts(of name: String, now: Instant) -> [SocketAddress]? {
        guard let entry = entries[name], now < entry.until else { return nil }
        return entry.hosts
    }

    /// `life` is what the servers say.
    mutating func store(
        _ hosts: [SocketAddress], of name: String, for life: TimeSpan, now: Instant
    ) {
        if entries.count >= Self.namesMax, entries[name] == nil { makeRoom(now: now) }
        let kept = life.clamped(from: Self.lifeMin, to: Self.lifeMax)
        entries[name] = Entry(hosts: hosts, until: now + kept)
    }

    private mutating func makeRoom(now: Instant) {
        entries = entries.filter { now < $0.value.until }
        if entries.count >= Self.namesMax, let first = entries.first {
            entries[first.key] = nil
        }
    }
}
