package import MeshChecks
package import MeshCore
import MeshMembership
import MeshNotices
import MeshVerdicts

// What has been decided, for those who tell; and the moments at which the node looks at itself.

extension Node {
    var meshCheck: CheckID { Self.meshCheck(of: mesh, using: cryptography) }

    /// The built-in check that notices about the mesh itself belong to.
    package static func meshCheck(
        of mesh: MeshID, using cryptography: any Cryptography
    ) -> CheckID {
        guard let name = CheckName("mesh") else { preconditionFailure("expected a valid name") }
        return CheckID(of: name, in: mesh, using: cryptography)
    }

    mutating func tell(_ event: CheckEvent, now: Instant) {
        switch event {
        case .forked(_, let won): learn(won, origin: .received, isContested: true, now: now)
        case .confirmed(let flip):
            notices.confirm(flip.check, flip.id, now: now)
        case .provisional(let check, let state): noteProvisional(state, of: check, now: now)
        case .equivocated(let node, let first, let second):
            noteEquivocation(of: node, .verdict, first, second, now: now)
        // Flips come with their certificates.
        case .flipped, .watched, .abstained: break
        }
    }

    mutating func noteEquivocation(
        of node: NodeID, _ subject: EquivocationLog.Proof.Subject, _ first: [UInt8],
        _ second: [UInt8], now: Instant
    ) {
        counters.equivocations += 1
        equivocations.note(
            .init(
                node: node, subject: subject, first: first, second: second,
                at: wallClock.time(at: now)))
    }

    /// A flip that is known by name: its certificate is read once more.
    private mutating func learn(
        _ flip: Flip, origin: CheckEvent.Origin, isContested: Bool, now: Instant
    ) {
        guard plan.routes[flip.check] != nil,
            let body = verdicts.certificate(of: flip.check),
            let certificate = try? Certificate.decode(
                ByteReader(body), mesh: mesh, cryptography: cryptography),
            certificate.flip.id == flip.id
        else { return }
        learn(certificate, origin: origin, isContested: isContested, now: now)
    }

    mutating func learn(
        _ certificate: Certificate, origin: CheckEvent.Origin, isContested: Bool, now: Instant
    ) {
        let flip = certificate.flip
        noteBase(flip.check, now: now)
        guard plan.routes[flip.check] != nil, verdicts.flip(of: flip.check)?.id == flip.id,
            isContested || !notices.isQuiet(flip.check, flip.state, after: certificate.previous)
        else { return }
        let first = certificate.foremost
        let owners = Int(certificate.supporters.map(\.entry.owners).max() ?? 1)
        let ladder = verdicts.ladder(of: flip.check, confirmations: owners)
        notices.learn(
            ToldFlip(
                check: flip.check, flip: flip.id, birth: flip.birth, epoch: flip.epoch,
                state: flip.state, previous: certificate.previous,
                since: first?.entry.since ?? wallClock.time(at: now),
                reason: first?.entry.reason ?? .none,
                confirmedBy: certificate.supporters.map(\.node), ladder: ladder,
                ownerCount: min(owners, ladder.count), isContested: isContested,
                isRestored: origin == .restored),
            now: now)
    }

    /// Tells those who tell whether a check that others stand on is down.
    private mutating func noteBase(_ check: CheckID, now: Instant) {
        guard !plan.dependencies.isEmpty else { return }
        notices.setDown(check, verdicts.flip(of: check)?.state == .down, now: now)
    }

    /// What stands on what has changed, or was read at the start.
    mutating func setDependencies(now: Instant) {
        notices.setDependencies(plan.dependencies, now: now)
        noteBases(now: now)
    }

    private mutating func noteBases(now: Instant) {
        guard !plan.dependencies.isEmpty else { return }
        for base in notices.bases { noteBase(base, now: now) }
    }

    /// What is to be told was learnt when hardly a member was known, this node perhaps its only
    /// owner: who tells, and whom it asks for leave, is counted again before it may tell.
    private mutating func learnAnew(now: Instant) {
        for check in notices.openChecks {
            guard let flip = verdicts.flip(of: check) else { continue }
            learn(flip, origin: .restored, isContested: false, now: now)
        }
    }

    /// What telling had forgotten of a quiet check is wanted after all.
    mutating func recall(_ check: CheckID, now: Instant) {
        guard let flip = verdicts.flip(of: check) else { return }
        learn(flip, origin: .restored, isContested: false, now: now)
    }

    mutating func restore(_ key: [UInt8], _ value: [UInt8], now: Instant) {
        if key.first == UInt8(ascii: "b") {
            verdicts.restore(birth: value, now: now)
        } else {
            verdicts.restore(certificate: value, now: now)
        }
    }

    // MARK: Itself

    mutating func considerSettling(now: Instant) {
        guard !isLeaving else { return }
        if settling.mayLook(seedsAreSettled: membership.seedsAreSettled, now: now) {
            verdicts.beginLooking(now: now)
        }
        guard !settling.isSettled else { return }
        if !settling.hasTruthSynced, membership.hasSyncedWithNamedPeer, truthSync.openedTo == nil {
            let named = membership.namedPeers.filter(membership.isReachable)
            if !named.isEmpty {
                truthSync.force(named[generator.index(below: named.count)], now: now)
            }
        }
        let next = settling.consider(
            hasMemberSynced: membership.hasSyncedWithNamedPeer,
            seedsAreSettled: membership.seedsAreSettled, now: now)
        if let next { timers.schedule(.settling, at: next) }
        guard settling.isSettled else { return }
        feedMembers(now: now)
        learnAnew(now: now)
        verdicts.setSettled(true, now: now)
        verdicts.beginLooking(now: now)
        takeFooting(now: now)
    }

    private mutating func takeFooting(now: Instant) {
        guard settling.isSettled, !isLeaving else { return }
        notices.setFooting(membership.hasMajority ? .majority : .settled, now: now)
    }

    /// Once a second: what no event tells.
    mutating func tick(now: Instant) {
        timers.schedule(.tick, at: now + .seconds(1))
        verdicts.setHealth(membership.localHealthScore)
        membership.noteMajority()
        takeFooting(now: now)
        settling.ticks += 1
        // A chain that was lost changes a state without a flip.
        noteBases(now: now)
        if settling.ticks % 30 == 0 { feedAllMembers(now: now) }
        watchMesh(now: now)
        askForSights(now: now)
    }
}
