import MeshChecks
import MeshCore
import MeshPlacement

// Whether a certificate that proves itself is also believed. It proves that its signers agreed, by
// a rule and member lists that they name themselves; a liar names a rule of one and a list of
// itself. A node that has watched the mesh holds both against its own view. Where they do not fit
// (a member that came and went while this node was cut off, a rule that was changed before this
// node heard of it), as many others as make a quorum must have brought the same flip in person:
// an honest node brings only what it has believed itself, so one of them has seen it fit.

extension Verdicts {
    /// R, Q and Z of a rule as this node sees the mesh now.
    func demands(of rule: VotingRule, now: Instant) -> (owners: Int, quorum: Int, zones: Int) {
        let owners = rule.owners(known: max(placement.knownCount, 1))
        let quorum = rule.quorum.needed(of: owners)
        let counting = zones.counting(at: now, grace: parameters.zoneGrace)
        return (owners, quorum, min(rule.zonesNeeded(counting: max(counting, 1)), quorum))
    }

    /// Whether a verified certificate that `peer` has brought is believed now.
    mutating func believes(
        _ certificate: Certificate, _ place: Int, from peer: NodeID?, now: Instant
    ) -> Bool {
        let rule = plan(place)?.rule ?? certificate.definition.rule
        let demands = demands(of: rule, now: now)
        if fits(certificate, rule, demands) { return true }
        guard let peer else { return false }
        book[place].vouchers.note(peer, certificate.flip.id, now: now)
        // Whoever is settling may know too few yet to say how many are a quorum.
        guard isSettled else { return false }
        let needed = min(demands.quorum, max(placement.knownCount - 1, 1))
        guard book[place].vouchers.count(of: certificate.flip.id) < needed else { return true }
        askAround(now: now)
        return false
    }

    /// Whether enough of the signers count in this node's eyes, or did until they left, were
    /// forgotten or lost their name, in enough zones.
    private func fits(
        _ certificate: Certificate, _ rule: VotingRule,
        _ demands: (owners: Int, quorum: Int, zones: Int)
    ) -> Bool {
        let supporters = certificate.supporters
        let acquaintances = acquaintances
        guard supporters.allSatisfy({ acquaintances.contains($0.node) }) else { return false }
        let confirming = placement.confirmingZones(
            of: supporters.map(\.node), for: certificate.flip.check,
            confirmations: rule.confirmations)
        var zones: [Label] = []
        for (supporter, zone) in zip(supporters, confirming) {
            if let zone {
                zones.append(zone)
            } else if members[supporter.node] == nil,
                let zone = certificate.rolls[supporter.rollIndex].zone(of: supporter.node)
            {
                zones.append(zone)
            }
        }
        return zones.count >= demands.quorum && Set(zones).count >= demands.zones
    }

    // MARK: Doubt

    /// Whether this node has just come and hears of a past that it cannot judge yet. It decides
    /// nothing about the check meanwhile, or it would begin a chain of its own beside the mesh's.
    func isInDoubt(_ place: Int, now: Instant) -> Bool {
        guard let since = book[place].vouchers.since, now - since < parameters.doubtMax else {
            return false
        }
        return settledAt.map { now - $0 < parameters.doubtMax * 2 } ?? true
    }

    /// Asks two members what they hold: who has been asked enough tells the truth from the lie.
    mutating func askAround(now: Instant) {
        if let last = askedAroundAt, now - last < .seconds(1) { return }
        askedAroundAt = now
        var others = members.values.filter { $0.isReachable && $0.id != id }.map(\.id).sorted()
        generator.shuffle(&others)
        for node in others.prefix(2) { effects.append(.compare(with: node)) }
    }
}

/// Who has brought flips that do not fit one's own view, each voucher its latest only.
///
/// Bound: `vouchersMax`; the oldest goes first. So a liar fills one place, whatever it makes up.
struct Vouchers: Sendable {
    static let vouchersMax = 64
    private var notes: [(node: NodeID, flip: FlipID)] = []
    /// When the first of them came.
    private(set) var since: Instant?

    var isEmpty: Bool { notes.isEmpty }

    mutating func note(_ node: NodeID, _ flip: FlipID, now: Instant) {
        since = since ?? now
        notes.removeAll { $0.node == node }
        if notes.count == Self.vouchersMax { notes.removeFirst() }
        notes.append((node, flip))
    }

    func count(of flip: FlipID) -> Int { notes.count { $0.flip == flip } }
    mutating func removeAll() {
        notes = []
        since = nil
    }
}
