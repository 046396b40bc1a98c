package import MeshChecks
package import MeshCore
import MeshPlacement

// What this node answers about checks, from what it holds itself.

/// A check as a node shows it.
package struct CheckView: Sendable {
    package var id: CheckID
    package var plan: CheckDefinition?
    package var flip: Flip?
    package var isContested: Bool
    package var provisional: TargetState?
    /// As far as this node can tell: an owner by the heads of the others, any other node by who can
    /// be reached.
    package var isWatched: Bool
    /// Why it is not; `nil` if it is, or if a whole side is cut off.
    package var lack: WatchLack?
    package var owners: [NodeID]
    /// Standing dissents and opinions, in the order of their signers.
    package var verdicts: [LogEntry]
    /// Zones from which alone the target cannot be reached, by dissents that lack a quorum.
    package var unreachableFrom: [Label]
    /// This node's own latest look.
    package var observation: Observation?
    /// Why this node's latest look saw nothing, though it is an owner; `nil` if it saw something.
    package var blindness: Reason?
}

extension Verdicts {
    package var checkIDs: [CheckID] {
        (0..<book.count).filter { book[$0].isOpen }.map { book[$0].id }
    }

    package func view(of check: CheckID, now: Instant) -> CheckView? {
        guard let place = book.place(of: check) else { return nil }
        let page = book[place]
        let plan = plan(place)
        let owners = plan == nil ? [] : placement.owners(of: check)
        let verdicts = page.board.posted.map(\.entry).filter(\.stance.stands)
        let held = page.duty.flatMap { duties.at($0) }
        var isWatched = held.map(\.isWatched) ?? true
        var lack = isWatched ? nil : held?.lack
        if let plan, held == nil {
            lack = self.lack(place, looking: owners, demands(of: plan.rule, now: now))
            isWatched = lack == nil
        }
        let from = verdicts.filter {
            if case .dissents(let state) = $0.stance {
                return state > page.certified?.flip.state ?? .down
            }
            return false
        }.compactMap { members[$0.node]?.zone }
        return CheckView(
            id: check, plan: plan, flip: page.certified?.flip,
            isContested: page.certified?.isContested ?? false, provisional: page.provisional,
            isWatched: isWatched, lack: lack, owners: owners, verdicts: verdicts,
            unreachableFrom: Set(from).sorted(), observation: held?.lastObservation,
            blindness: held.flatMap { $0.isOwner ? $0.blindness : nil })
    }

    /// Why a check is not watched, as `view` has it; `nil` if it is.
    package func lack(of check: CheckID, now: Instant) -> WatchLack? {
        guard let place = book.place(of: check), let plan = plan(place) else { return nil }
        if let held = book[place].duty.flatMap({ duties.at($0) }) {
            return held.isWatched ? nil : held.lack
        }
        let demands = demands(of: plan.rule, now: now)
        return lack(place, looking: placement.owners(of: check), demands)
    }

    /// In rank order; of a check that this node was not given, none.
    package func owners(of check: CheckID) -> [NodeID] { placement.owners(of: check) }

    package func flip(of check: CheckID) -> Flip? {
        book.place(of: check).flatMap { book[$0].certified?.flip }
    }

    /// The proof of a check's present flip, as it travels.
    package func certificate(of check: CheckID) -> [UInt8]? {
        guard let certified = book.place(of: check).flatMap({ book[$0].certified }),
            certified.hasProof
        else { return nil }
        return certified.certificate
    }

    /// The most checks that this node looks at as an owner.
    package var ownedCount: Int { duties.places.count { duties[$0]?.isOwner ?? false } }

    /// Who tells of a flip, in order: the owners, then other live nodes by rank.
    package func ladder(of check: CheckID, confirmations: Int) -> [NodeID] {
        let owners = placement.owners(of: check, confirmations: confirmations)
        return Array(placement.ladder(of: check, owners: owners).prefix(Self.ladderMax))
    }

    private static var ladderMax: Int { 16 }

    /// Checks at which too few look, and for which this node speaks: mostly their first owner.
    package var unwatchedChecks: [UnwatchedCheck] {
        duties.places.compactMap { duty in
            guard let held = duties.at(duty), held.isOwner, !held.isWatched,
                let plan = plan(held.check), let lack = held.lack, lack.speaker == id
            else { return nil }
            return UnwatchedCheck(id: plan.id, name: plan.name, lack: lack)
        }
    }

    /// Nodes that have said that they do not have a check which is configured here, ascending;
    /// `nil` if this node is one that lacks checks: it cannot judge the others.
    package var decliners: [NodeID]? {
        var found: Set<NodeID> = []
        for place in 0..<book.count where !book.isBoardEmpty(place) {
            for posted in book[place].board.posted where posted.entry.stance == .declines {
                if posted.entry.node == id { return nil }
                if book[place].plan != nil { found.insert(posted.entry.node) }
            }
        }
        return found.sorted()
    }

    // MARK: Dossiers

    /// Checks whose dossier has changed since the last call, with what it hashes to now.
    package mutating func takeChangedDossiers() -> [(key: Bytes16, hash: UInt64)] {
        guard book.hasChanged else { return [] }
        let taken = book.takeChanged()
        return taken.closed.map { ($0.bytes, 0) }
            + taken.places.map { (book[$0].id.bytes, dossierHash($0)) }
    }

    /// Everything that two nodes must agree on about a check, and nothing else: the flip, and each
    /// signer's latest number with what it says.
    private func dossierHash(_ place: Int) -> UInt64 {
        let page = book[place]
        var hash = StableHash()
        var isEmpty = true
        if let certified = page.certified, certified.hasProof {
            hash.combine(certified.flip.id.bytes.high)
            isEmpty = false
        }
        for posted in page.board.posted {
            hash.combine(posted.entry.node.bytes.high)
            hash.combine(UInt64(posted.entry.generation))
            hash.combine(posted.entry.sequence)
            // Two statements under one number are a difference like any other.
            hash.combine(posted.contentHash)
            isEmpty = false
        }
        return isEmpty ? 0 : hash.finalize()
    }

    package func dossier(of check: CheckID) -> [Update] {
        guard let place = book.place(of: check) else { return [] }
        let page = book[place]
        var updates: [Update] = []
        if let certified = page.certified, certified.hasProof {
            updates.append(Update(kind: UpdateKind.certificate, body: certified.certificate))
        }
        return updates + page.board.posted.map { $0.signed.update() }
    }

    package func epoch(of check: CheckID) -> UInt32 {
        book.place(of: check).flatMap { book[$0].certified?.flip.epoch } ?? 0
    }

    /// Bytes held for checks: placement, pages with certificates and boards, duties.
    package var storageByteCount: Int {
        book.storageByteCount + duties.count * 400 + book.archivedCount * 160
            + placement.storageByteCount
    }

    /// Whether exactly one check here has this prefix.
    package func knows(_ prefix: CheckPrefix) -> Bool { book.place(of: prefix) != nil }

    /// What this node saw last of the checks whose first owner it is.
    package var firstHandLooks: [(check: CheckID, latency: TimeSpan, endedAt: Instant)] {
        duties.places.compactMap { place in
            guard let duty = duties.at(place), duty.role == .owner(rank: 0),
                let observation = duty.lastObservation, case .saw = observation.outcome,
                let endedAt = duty.lastObservedAt
            else { return nil }
            return (book[duty.check].id, observation.latency, endedAt)
        }
    }
}
