import MeshChecks
package import MeshCore
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
        guard !isVouchedFor(certificate, place, demands.quorum, now: now) else { return true }
        askNewcomers(now: now)
        askAround(now: now)
        return false
    }

    /// Whether as many have brought a flip as make a quorum, or as can: those who have just come
    /// are no witnesses of what was before.
    private func isVouchedFor(
        _ certificate: Certificate, _ place: Int, _ quorum: Int, now: Instant
    ) -> Bool {
        let flip = certificate.flip.id
        let others = max(placement.knownCount - 1, 1)
        let vouchers = book[place].vouchers
        if vouchers.count(of: flip) >= min(quorum, others) { return true }
        let newcomers = newcomers(beside: place, now: now)
        guard !newcomers.isEmpty,
            certificate.supporters.allSatisfy({ members[$0.node] != nil })
        else { return false }
        return vouchers.count(of: flip, besides: newcomers)
            >= min(quorum, max(others - newcomers.count, 1))
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

    /// Whether what this node doubts about a check was there when it came: nothing that it has
    /// seen itself speaks for or against it.
    private func hasComeSince(_ place: Int) -> Bool {
        guard hasCome, let settledAt, let since = book[place].vouchers.since else { return false }
        return since - settledAt < parameters.arrivalTime
    }

    /// The members that cannot vouch, because they have come as late as this node has: where all
    /// but one had left, the one that stayed is all the quorum that there was, and those who come
    /// back together would wait for one another's word. A node that was there when it heard of a
    /// flip waits for everybody: nobody excuses himself from being asked by a witness.
    private func newcomers(beside place: Int, now: Instant) -> Set<NodeID> {
        guard hasComeSince(place) else { return [] }
        return Set(arrivals.keys.filter { hasJustCome($0, now: now) })
    }

    private func hasJustCome(_ node: NodeID, now: Instant) -> Bool {
        arrivals[node].map { now - $0 < parameters.doubtMax * 2 } ?? false
    }

    /// Asks who else has just come, and goes on asking while this node doubts something that was
    /// there before it: one that does not answer is waited for as a witness.
    mutating func askNewcomers(now: Instant) {
        guard isSettled, let settledAt, now - settledAt < parameters.doubtMax * 2,
            doubtAlarm.due == nil,
            let place = (0..<book.count).first(where: { hasComeSince($0) }),
            let voucher = book[place].vouchers.latest
        else { return }
        let due = now + .seconds(1)
        if doubtAlarm.set(at: due) { timers.schedule(.doubt, at: due) }
        var others = members.values.filter {
            $0.isReachable && $0.id != id && !hasJustCome($0.id, now: now)
        }.map(\.id).sorted()
        generator.shuffle(&others)
        let question = Arrival(asks: true, age: now - settledAt)
        for node in others.prefix(VerdictBounds.newcomersAskedMax) {
            effects.append(.send(.arrival(question), to: node))
        }
        // One answer more may be all that was missing: it should bring its flips again.
        effects.append(.compare(with: voucher))
    }

    /// Hears of one voice less to wait for, and says so of itself.
    package mutating func receive(_ arrival: Arrival, from node: NodeID, now: Instant) {
        guard members[node] != nil else { return }
        arrivals[node] = now - arrival.age
        let age = settledAt.map { now - $0 } ?? .zero
        guard arrival.asks, hasCome, age < parameters.doubtMax else { return }
        effects.append(.send(.arrival(Arrival(asks: false, age: age)), to: node))
    }

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

    /// Who has brought something last.
    var latest: NodeID? { notes.last?.node }

    func count(of flip: FlipID, besides others: Set<NodeID> = []) -> Int {
        notes.count { $0.flip == flip && !others.contains($0.node) }
    }

    mutating func removeAll() {
        notes = []
        since = nil
    }
}
