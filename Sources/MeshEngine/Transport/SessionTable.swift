import MeshCore

/// What is kept of each sender's boot: who it is, the key to open what it sends, and which of its
/// datagrams have been seen.
///
/// A boot id is eight random bytes that anybody can read and repeat, so it does not name a session
/// alone: whoever holds the mesh secret could otherwise take a member's session over by using its
/// boot id first. Sessions of one boot id stand side by side, at most `sessionsPerBootMax`.
///
/// Bound: the limit given. When it is reached, the boot ids unused for longest give way; their
/// owners' next datagrams are opened under new sessions. A datagram that was seen under a
/// forgotten one could then be replayed once: it takes a mesh of thousands that all talk at once,
/// and what a ping or a signed statement does, it does once however often it comes.
struct SessionTable: Sendable {
    struct Session: Sendable {
        let owner: PacketHeader.Introduction
        let key: any SealingKey
        var window = ReplayWindow()
    }

    /// Two secrets may be in use during a rotation.
    struct Name: Hashable, Sendable {
        let bootID: BootID
        let keyID: UInt32
    }

    private struct Shelf: Sendable {
        /// The one opened last is first.
        var sessions: [Session]
        /// Position in the order of use; the least gives way.
        var lastUse: UInt64
    }

    static let sessionsPerBootMax = 4

    private let limit: Int
    private var shelves: [Name: Shelf] = [:]
    private var uses: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { shelves.count }

    /// The sessions that a datagram with this boot id may belong to, the likeliest first.
    func sessions(_ name: Name) -> [Session] { shelves[name]?.sessions ?? [] }

    /// A datagram has been opened under `session`: its counter is spent, and the session kept.
    mutating func accept(_ counter: UInt64, in session: Session, as name: Name) {
        uses += 1
        if shelves[name]?.sessions.first?.owner == session.owner {
            shelves[name]?.sessions[0].window.accept(counter)
            shelves[name]?.lastUse = uses
            return
        }
        if shelves[name] == nil, shelves.count >= limit { dropLeastUsed() }
        var shelf = shelves.removeValue(forKey: name) ?? Shelf(sessions: [], lastUse: uses)
        let known = shelf.sessions.firstIndex { $0.owner == session.owner }
        var accepted = known.map { shelf.sessions.remove(at: $0) } ?? session
        accepted.window.accept(counter)
        if shelf.sessions.count == Self.sessionsPerBootMax { shelf.sessions.removeLast() }
        shelf.sessions.insert(accepted, at: 0)
        shelf.lastUse = uses
        shelves[name] = shelf
    }

    /// Drops a sixteenth at once, so that a full table is not searched for every newcomer.
    private mutating func dropLeastUsed() {
        let uses = shelves.values.map(\.lastUse).sorted()
        let threshold = uses[uses.count / 16]
        shelves = shelves.filter { $0.value.lastUse > threshold }
    }
}
