import MeshCore

/// What is kept of each sender's boot: who it is, the key to open what it sends, and which of its
/// datagrams have been seen.
///
/// Bound: `sessionsMax`. When it is full, the session unused for longest gives way; its owner's
/// next datagram is opened under a new one. A datagram that was seen under the forgotten session
/// could then be replayed once: it takes a mesh of thousands that all talk at once, and what a
/// ping or a signed statement does, it does once however often it comes.
struct SessionTable: Sendable {
    struct Session: Sendable {
        let node: NodeID
        let generation: UInt32
        let keyID: UInt32
        let key: any SealingKey
        var window = ReplayWindow()
        /// Position in the order of use; the least gives way.
        var lastUse: UInt64 = 0
    }

    /// Two boots of one node may overlap, as may two secrets during a rotation.
    struct Name: Hashable, Sendable {
        let bootID: BootID
        let keyID: UInt32
    }

    private let limit: Int
    private var sessions: [Name: Session] = [:]
    private var uses: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    var count: Int { sessions.count }

    func session(_ name: Name) -> Session? { sessions[name] }

    /// Keeps a session whose first datagram has been opened.
    mutating func add(_ session: Session, as name: Name) {
        if sessions.count >= limit, sessions[name] == nil { dropLeastUsed() }
        uses += 1
        var session = session
        session.lastUse = uses
        sessions[name] = session
    }

    /// A datagram of this session has been opened.
    mutating func accept(_ counter: UInt64, in name: Name) {
        uses += 1
        sessions[name]?.window.accept(counter)
        sessions[name]?.lastUse = uses
    }

    /// Drops a sixteenth at once, so that a full table is not searched for every newcomer.
    private mutating func dropLeastUsed() {
        let uses = sessions.values.map(\.lastUse).sorted()
        let threshold = uses[uses.count / 16]
        sessions = sessions.filter { $0.value.lastUse > threshold }
    }
}
