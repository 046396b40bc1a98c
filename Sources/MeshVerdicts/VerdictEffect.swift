package import MeshCore

/// What deciding wants done. The engine does it with membership's and the courier's help.
package enum VerdictEffect: Sendable, Hashable {
    case look(LookOrder)
    /// Sign with the node's key; the answer is awaited under `token`.
    case sign([UInt8], token: UInt64)
    /// Bring this to each of these nodes and make sure that it arrives. What is newer about the
    /// same subject takes its place.
    case mail(Update, about: Bytes16, to: [NodeID])
    /// Gossip this to everybody.
    case tellAll(Update, about: Bytes16)
    /// Stop gossiping about this: it is decided.
    case hush(about: Bytes16)
    /// Send once; nothing is lost with it that another will not say.
    case send(VerdictMessage, to: NodeID)
    /// Find out whether this node has the majority by acks to pings sent after `since`.
    case needMajority(since: Instant)
    /// Compare dossiers with this member: it speaks of what leans on a birth that is unknown here.
    case compare(with: NodeID)
    case store(StoredItem)
    /// A flip has become this node's certified state of a check, with its proof as it was read for
    /// that. The event follows.
    indirect case certified(Certificate, origin: CheckEvent.Origin)
    case report(CheckEvent)
}

/// What nodes say to one another about checks besides signed statements.
package enum VerdictMessage: Sendable, Hashable {
    case head(Head)
    case hints(Hints)
    case askStanding(AskStanding)
    case askRoll(AskRoll)
    case rollAnswer(RollAnswer)
    case handover(Handover)
    case arrival(Arrival)
}

/// What deciding has dropped or refused, by reason.
package struct VerdictCounters: Sendable, Hashable {
    /// Signed by a key that does not fit, or by nobody we know.
    package var entriesRefused = 0
    package var certificatesRefused = 0
    /// Proven by themselves, and not believed yet.
    package var certificatesDoubted = 0
    /// About a flip or a birth that is past.
    package var entriesOutdated = 0
    package var boundsReached = 0
    package var hintsIgnored = 0
    package var looksHung = 0

    package init() {}
}

/// A member as deciding needs it: one of those that count.
package struct VerdictMember: Sendable, Hashable {
    package var id: NodeID
    package var key: PublicKey
    package var zone: Label
    package var isReachable: Bool
    package var generation: UInt32

    package init(id: NodeID, key: PublicKey, zone: Label, isReachable: Bool, generation: UInt32) {
        self.id = id
        self.key = key
        self.zone = zone
        self.isReachable = isReachable
        self.generation = generation
    }
}
