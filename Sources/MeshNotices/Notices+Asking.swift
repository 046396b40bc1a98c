package import MeshCore

/// Whom a claim asks, and how long it waits for their answers.
///
/// The owners are enough while each of them answers: a receipt goes to them first. An owner that is
/// gone may have been the one that told, and a node that was away has missed what was sent to the
/// owners meanwhile, and cannot know which of the others were away with it. Then the rest of the
/// ladder is asked, too: whoever has the receipt answers with it. Nobody's silence holds a notice up
/// for longer than the wait.
extension Notices {
    /// This process stood still for longer than others wait for it: its answers, and those that it
    /// is waiting for, are of the past.
    package mutating func noteAbsence(now: Instant) {
        beWary(now: now)
        majorityUntil = nil
        for line in errands.keys.sorted() {
            guard var errand = errands[line] else { continue }
            switch errand.phase {
            case .storing, .claiming: break
            case .waiting, .mustering, .sending, .signing: continue
            }
            giveUpClaim(&errand)
            errands[line] = errand
            advance(line, now: now)
        }
    }

    /// This node is back from where it could not hear the others.
    mutating func beWary(now: Instant) { waryUntil = now + parameters.wariness }

    func isWary(_ now: Instant) -> Bool { waryUntil.map { now < $0 } ?? false }

    /// Whether a claim is for the whole ladder from the start.
    func asksAll(for news: News, now: Instant) -> Bool {
        isWary(now) || !news.ladder.isOwner(id)
            || news.ladder.owners(besides: id).contains { !isAlive($0) }
    }

    /// How long a claim waits. One of a node that was away has more to lose than time.
    func claimWait(now: Instant) -> TimeSpan {
        isWary(now) ? parameters.waryClaimWait : parameters.claimWait
    }

    /// Whether to ask the rest of the ladder, because an owner has not answered in time. False if
    /// all have, or if everybody was asked.
    func widens(_ pending: Errand.Pending, for news: News) -> Bool {
        guard !pending.asksAll, pending.doubts.isEmpty else { return false }
        return !news.ladder.owners(besides: id).allSatisfy { pending.yielded.contains($0) }
            && news.ladder.nodes.count > news.ladder.ownerCount
    }

    /// Whether a claim may go on without waiting for more: everybody who was asked and lives has
    /// said so. Of two that claim at once because they see the members differently, one yes each
    /// would let both go on. From beyond the owners, the leave of another such node is worth nothing
    /// while an owner lives, who may hold a claim that it never heard of.
    func hasLeave(_ pending: Errand.Pending, for news: News) -> Bool {
        let asked = news.ladder.audience(of: id, asksAll: pending.asksAll)
        return news.ladder.owners(besides: id).contains { isAlive($0) }
            && asked.allSatisfy { !isAlive($0) || pending.yielded.contains($0) }
    }
}
