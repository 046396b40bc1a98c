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
        book[place].vouchers.note(peer, certificate.flip.id)
        // Whoever is settling may know too few yet to say how many are a quorum. It will be told
        // again: by anti-entropy, and by everybody who hears it speak of an older flip.
        guard isSettled else { return false }
        let needed = min(demands.quorum, max(placement.knownCount - 1, 1))
        return book[place].vouchers.count(of: certificate.flip.id) >= needed
    }

    /// Whether enough of the signers count in this node's eyes, in enough zones.
    private func fits(
        _ certificate: Certificate, _ rule: VotingRule,
        _ demands: (owners: Int, quorum: Int, zones: Int)
    ) -> Bool {
        guard certificate.supporters.allSatisfy({ acquaintances.contains($0.node) }) else {
            return false
        }
        let roll = placement.confirmers(
            of: certificate.flip.check, confirmations: rule.confirmations)
        let zones = certificate.supporters.compactMap { roll.zone(of: $0.node) }
        return zones.count >= demands.quorum && Set(zones).count >= demands.zones
    }
}

/// Who has brought flips that do not fit one's own view, each voucher its latest only.
///
/// Bound: `vouchersMax`; the oldest goes first. So a liar fills one place, whatever it makes up.
struct Vouchers: Sendable {
    static let vouchersMax = 64
    private var notes: [(node: NodeID, flip: FlipID)] = []

    mutating func note(_ node: NodeID, _ flip: FlipID) {
        notes.removeAll { $0.node == node }
        if notes.count == Self.vouchersMax { notes.removeFirst() }
        notes.append((node, flip))
    }

    func count(of flip: FlipID) -> Int { notes.count { $0.flip == flip } }
    mutating func removeAll() { notes = [] }
}
