import MeshChecks
import MeshCore
import MeshPlacement
import MeshVerdicts

/// No flip without those who saw it: whenever a node mints, a quorum of eligible nodes in enough
/// zones truly saw what supports it, since the flip before, and the minter's side had the majority.
///
/// A flip is proven once: who mints it after the first mints the same id. Of known liars, whose
/// looks are not counted, the quorum may be short by their number.
package struct CertifiedFlips: Invariant {
    package static let name = "certified-flips"
    package static let promise =
        "no flip without an eligible quorum that saw it, minted by the majority's side (design 6)"

    /// Counts who else than the R owners may sign: ranks below R + this.
    private static let spareRanks = 12

    /// Flips whose quorum has been looked for. Only looked up.
    private var proven: Set<Int> = []

    package init() {}

    package var interests: Happening.Kinds { .checks }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .flipped(let process, let number, _, let former, .minted) = happening else {
            return
        }
        let entry = world.watch.truth.flips[number]
        if !world.couldHaveMajority(process, within: TruthBounds.mintingGrace) {
            log.add(
                Self.self, at: world.now,
                "\(world.processes[process].name) minted \(world.text(entry.flip)) and could not "
                    + "reach the majority")
        }
        guard proven.insert(number).inserted else { return }
        judge(entry, mintedBy: process, from: former, in: world, log: &log)
    }

    private func judge(
        _ entry: TruthBook.Entry, mintedBy process: Int, from former: TargetState?,
        in world: World, log: inout ViolationLog
    ) {
        guard let rule = world.watch.checks.rule(of: entry.flip.definition) else {
            return log.add(
                Self.self, at: world.now,
                "\(world.processes[process].name) minted \(world.text(entry.flip)) under a "
                    + "definition that nobody was given")
        }
        let parent = world.watch.truth.number(of: entry.flip.parent)
        let since = parent.map { world.watch.truth.flips[$0].firstHeldAt } ?? .zero
        // Whom it met a moment ago need not have been known to those who signed: so few may have
        // been asked for, and so many have been asked.
        let fewest = rule.owners(known: world.knownCount(of: process, excludingNews: true))
        let most = rule.owners(known: world.knownCount(of: process))
        let stale = world.now - staleAfter(rule, in: world)
        var seers: Set<Int> = []
        var zones: Set<Int> = []
        for sight in world.watch.sights.sights(of: entry.check)
        where sight.definition == entry.flip.definition
            && sight.supports(entry.flip.state, from: former, since: since, stale: stale)
            && isEligible(sight.identity, entry, most, process, in: world)
        {
            seers.insert(sight.identity)
            zones.insert(sight.zone)
        }
        let lying = world.watch.liarCount(since: max(since, stale))
        let needed = max(1, rule.quorum.needed(of: fewest) - lying)
        let neededZones =
            lying > 0
            ? 1 : rule.zonesNeeded(counting: world.reachableZoneCount(of: process))
        guard seers.count < needed || zones.count < neededZones else { return }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) minted \(world.text(entry.flip)), seen by "
                + "\(seers.count) of \(needed) in \(zones.count) of \(neededZones) zones")
    }

    /// Who has changed its mind for longer than this has said so, or is no longer heard: a verdict
    /// stands for three intervals after its signer's last word, at least ten seconds.
    private func staleAfter(_ rule: VotingRule, in world: World) -> TimeSpan {
        max(rule.interval * 3, .seconds(10)) + rule.interval + world.setup.watch.timeout
            + .seconds(10)
    }

    /// Whether an identity's rank among those whom the minter knows is low enough to sign.
    private func isEligible(
        _ identity: Int, _ entry: TruthBook.Entry, _ owners: Int, _ process: Int, in world: World
    ) -> Bool {
        let all = world.identities.all
        guard all.count > owners + Self.spareRanks else { return true }
        let score = Score(of: all[identity].id, for: entry.flip.check)
        var before = 0
        for other in all where other.number != identity && world.isKnown(other.number, by: process)
        {
            if Score(of: other.id, for: entry.flip.check) < score { before += 1 }
        }
        return before < owners + Self.spareRanks
    }
}
