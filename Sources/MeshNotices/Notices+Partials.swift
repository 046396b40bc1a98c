package import MeshChecks
package import MeshCore

/// What one side of a cut tells of its own view, and how that ends (section 7).
extension Notices {
    /// What this side of a cut has seen for long enough. Told once for each parent, state and
    /// side; of two states of one parent the worse stays told. A side that has changed tells as
    /// what it is now: what it had not told yet as another is dropped.
    package mutating func tellPartial(_ view: PartialNews, now: Instant) {
        let topic = Topic.partial(view.check, group: view.lowest)
        let occasion = FlipID(
            partialAfter: view.parent, state: view.state, lowest: view.lowest, using: cryptography)
        let place = Place(
            birth: view.birth, epoch: UInt64(view.epoch), ordinal: 0, state: view.state,
            occasion: occasion)
        if stories[topic] == nil {
            guard partialTopics.count < parameters.bounds.partialTopicsMax else {
                return effects.append(.report(.refused(.topics)))
            }
            partialTopics.insert(topic)
        }
        withdrawPartials(view.check, besides: topic, now: now)
        var news = News(
            check: view.check, place: place, previous: view.previous, since: view.since,
            reason: view.reason, confirmedBy: view.group,
            ladder: Ladder(view.ladder, ownerCount: view.ladder.count),
            incident: IncidentID(of: view.check, beginning: occasion, using: cryptography))
        news.needsMajority = false
        news.isPartialView = true
        stories[topic] = news
        reconsider(topic, now: now)
    }

    /// The cut has healed, or the view has passed: what was not told never will be. Whoever was
    /// told waits for the end, or for the chain to say the same.
    package mutating func withdrawPartials(
        _ check: CheckID, besides kept: Topic? = nil, now: Instant
    ) {
        for topic in partialTopics.sorted() where topic.id == check.bytes && topic != kept {
            guard let news = stories[topic], !news.isEnd, !news.isWithdrawn else { continue }
            stories[topic]?.isWithdrawn = true
            reconsider(topic, now: now)
        }
    }

    /// Ends what was told of a check as a partial view, by this group or, if `group` is `nil`, by
    /// any: whoever was told hears of it, unless the chain has come to say the same.
    ///
    /// `ladder`: who tells; `nil` for those who would have told of the view.
    package mutating func dropPartials(
        _ check: CheckID, group: NodeID? = nil, ladder: [NodeID]? = nil, now: Instant
    ) {
        withdrawPartials(check, now: now)
        for topic in endable(check) {
            guard group == nil || topic.group == group?.bytes else { continue }
            end(topic, of: check, ladder: ladder, now: now)
        }
    }

    /// Those that are known here from telling, and those that are known from receipts only.
    private func endable(_ check: CheckID) -> [Topic] {
        var topics = partialTopics.filter { $0.id == check.bytes }
        for line in ledger.partialLines where line.topic.id == check.bytes {
            topics.insert(line.topic)
        }
        return topics.sorted()
    }

    private mutating func end(
        _ topic: Topic, of check: CheckID, ladder: [NodeID]?, now: Instant
    ) {
        let chain = stories[.chain(check)]
        var news: News
        if let known = stories[topic] {
            guard !known.isEnd else { return }
            news = known
        } else {
            // Told before this node was started, or by a side that it was not on.
            guard let told = openReceipt(of: topic) else { return }
            // The chain has moved on from where the view began: that was its confirmation.
            if let chain, chain.place.birth == told.birth, chain.place.epoch > told.epoch {
                return
            }
            news = News(
                check: check, place: told.place, previous: told.state, since: told.time,
                reason: .none, confirmedBy: [], ladder: .none, incident: told.incident)
            news.needsMajority = false
            news.isPartialView = true
            partialTopics.insert(topic)
        }
        // The end stands in its view's place with the next ordinal; where the chain confirms the
        // view it has the same state, and then nobody wants it.
        news.isEnd = true
        news.isWithdrawn = false
        news.previous = news.state
        news.place.ordinal = 1
        news.place.state = chain?.state ?? .up
        news.since = chain?.since ?? wallClock.time(at: now)
        news.reason = chain?.reason ?? .none
        if let ladder { news.ladder = Ladder(ladder, ownerCount: ladder.count) }
        stories[topic] = news
        reconsider(topic, now: now)
    }

    private func openReceipt(of topic: Topic) -> Receipt? {
        for line in ledger.partialLines where line.topic == topic {
            if let told = ledger.told(on: line), told.ordinal == 0 { return told }
        }
        return nil
    }

    // MARK: What was told

    /// A view that somebody was told of and that has had no end.
    package struct OpenPartial: Sendable, Hashable {
        package var check: CheckID
        /// The side's lowest node when it began to tell.
        package var group: NodeID
        package var birth: Birth
        package var epoch: UInt64
        package var state: TargetState
        /// Who has told.
        package var node: NodeID
    }

    /// In the order of checks and groups; one for each contact that was told.
    package var openPartials: [OpenPartial] {
        ledger.partialLines.compactMap { line in
            guard case .partial(let check, let group) = line.topic,
                let told = ledger.told(on: line), told.ordinal == 0
            else { return nil }
            return OpenPartial(
                check: check, group: group, birth: told.birth, epoch: told.epoch,
                state: told.state, node: told.node)
        }
    }
}
