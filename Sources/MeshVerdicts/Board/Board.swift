import MeshChecks
import MeshCore

/// What others have signed about one check: the latest entry of each, under the flip that is
/// certified here or under one that this node has not heard of yet.
///
/// Bound: `VerdictBounds.boardMax`; the entry received longest ago gives way.
struct Board: Sendable {
    struct Posted: Sendable {
        var signed: SignedEntry
        var receivedAt: Instant
        /// When its signer was last heard to stand by it; `nil` if it came by others only.
        var stoodAt: Instant?
        /// Of all that is signed: dossiers are compared by it again and again.
        let contentHash: UInt64

        init(_ signed: SignedEntry, receivedAt: Instant) {
            self.signed = signed
            self.receivedAt = receivedAt
            contentHash = signed.entry.contentHash
        }

        var entry: LogEntry { signed.entry }
    }

    enum Receipt: Sendable, Equatable {
        case new
        /// Known, or older than what is known.
        case known
        /// Another statement under the same number: its signer says two things at once.
        case equivocation(SignedEntry)
    }

    /// In the order of the signers' ids.
    private(set) var posted: [Posted] = []

    var isEmpty: Bool { posted.isEmpty }
    var storageByteCount: Int {
        posted.capacity == 0 ? 0 : 32 + posted.capacity * MemoryLayout<Posted>.stride
    }

    mutating func post(_ signed: SignedEntry, now: Instant) -> Receipt {
        let place = posted.firstIndex { !($0.entry.node < signed.entry.node) } ?? posted.count
        if place < posted.count, posted[place].entry.node == signed.entry.node {
            let held = posted[place].entry
            if held.generation == signed.entry.generation, held.sequence == signed.entry.sequence {
                guard held != signed.entry else { return .known }
                // All keep the same one of the two, or they would compare for ever.
                let first = posted[place].signed
                let other = Posted(signed, receivedAt: posted[place].receivedAt)
                if other.contentHash < posted[place].contentHash { posted[place] = other }
                posted[place].stoodAt = nil
                return .equivocation(first)
            }
            guard signed.entry.isNewer(than: held) else { return .known }
            posted[place] = Posted(signed, receivedAt: now)
            return .new
        }
        posted.insert(Posted(signed, receivedAt: now), at: place)
        if posted.count > VerdictBounds.boardMax {
            let oldest = posted.indices.min { posted[$0].receivedAt < posted[$1].receivedAt } ?? 0
            posted.remove(at: oldest)
        }
        return .new
    }

    subscript(node: NodeID) -> Posted? { posted.first { $0.entry.node == node } }

    /// `node` has been heard to stand by what it signed.
    mutating func stands(_ node: NodeID, now: Instant) {
        guard let place = posted.firstIndex(where: { $0.entry.node == node }) else { return }
        posted[place].stoodAt = now
    }

    mutating func forgetStanding(except own: NodeID) {
        for place in posted.indices where posted[place].entry.node != own {
            posted[place].stoodAt = nil
        }
    }

    /// What `node` signed may be taken back: nobody has heard it stand by that.
    mutating func doubt(_ node: NodeID) {
        guard let place = posted.firstIndex(where: { $0.entry.node == node }) else { return }
        posted[place].stoodAt = nil
    }

    mutating func remove(where isUnwanted: (LogEntry) -> Bool) {
        posted.removeAll { isUnwanted($0.entry) }
        // An array that was emptied keeps its room, many times what a quiet check takes.
        if posted.isEmpty { posted = [] }
    }
}
