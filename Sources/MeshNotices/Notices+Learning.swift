package import MeshChecks
package import MeshCore

/// What there is to tell: flips as they are certified; the mesh's own troubles and partial views
/// have files of their own. Each becomes the news of its topic; `reconsider` then asks for every contact whether it is
/// wanted, and opens, keeps or closes its errand.
extension Notices {
    /// A flip has become the certified state of a check. A newer one supersedes an older one; the
    /// same one again brings a new ladder.
    package mutating func learn(_ flip: ToldFlip, now: Instant) {
        let topic = Topic.chain(flip.check)
        let place = Place(
            birth: flip.birth, epoch: UInt64(flip.epoch), ordinal: 0, state: flip.state,
            occasion: flip.flip)
        let ladder = Ladder(flip.ladder, ownerCount: flip.ownerCount)
        var news = News(
            check: flip.check, place: place, previous: flip.previous, since: flip.since,
            reason: flip.reason, confirmedBy: flip.confirmedBy, ladder: ladder,
            incident: incident(of: flip))
        news.isContested = flip.isContested
        if let known = stories[topic] {
            guard place >= known.place else { return }
            if place == known.place {
                news.incident = known.incident
                news.isGuarded = known.isGuarded
                news.isContested = known.isContested || flip.isContested && !known.isGuarded
            }
        }
        stories[topic] = news
        reconsider(topic, now: now)
    }

    /// Whether nobody is to be told of a flip, nor was ever told of its check: one that has been up
    /// from the first. Most are, most of the time; nothing is kept of them, and `recall` asks for them
    /// when somebody turns out to have been told.
    package func isQuiet(
        _ check: CheckID, _ state: TargetState, after previous: TargetState?
    ) -> Bool {
        state == .up && previous == nil && stories[.chain(check)] == nil
            && ledger.lines(of: check).isEmpty
    }

    /// The fork at this flip has been confirmed by a round without dissent: it may be told.
    package mutating func confirm(_ check: CheckID, _ flip: FlipID, now: Instant) {
        let topic = Topic.chain(check)
        guard stories[topic]?.place.occasion == flip, stories[topic]?.isContested == true
        else { return }
        stories[topic]?.isContested = false
        stories[topic]?.isGuarded = true
        reconsider(topic, now: now)
    }

    // MARK: Whom it concerns

    /// A contact's route for a topic; `nil` if there is none.
    func route(for line: Line) -> Route? {
        guard let news = stories[line.topic] else { return nil }
        // That a contact fails is for the others to hear.
        if line.isAboutItsContact { return nil }
        if let routes = routes[news.check] {
            return routes.first { $0.contact == line.contact }
        }
        guard news.isForAll, contacts.contains(line.contact) else { return nil }
        return Route(contact: line.contact, on: .both)
    }

    /// A contact that a changed configuration adds is told of what is wrong now, and not of a
    /// recovery that is over.
    mutating func passOver(_ topic: Topic, routedBefore: RouteBook) {
        guard let news = stories[topic] else { return }
        let known = routedBefore[news.check] ?? []
        for route in routes[news.check] ?? []
        where route.rated(news.state) == .up && !known.contains(route) {
            let line = Line(topic: topic, contact: route.contact)
            if errands[line] == nil { passedOver[line] = news.place }
        }
    }

    /// Asks anew for every contact of a topic.
    mutating func reconsider(_ topic: Topic, now: Instant) {
        guard let news = stories[topic] else { return }
        let routed = routes[news.check].map { $0.map(\.contact) }
        var concerned = Set(routed ?? (news.isForAll ? Array(contacts) : []))
        for line in openLines[news.check] ?? [] where line.topic == topic {
            concerned.insert(line.contact)
        }
        for contact in concerned.sorted() {
            reconsider(Line(topic: topic, contact: contact), now: now)
        }
        trim(topic)
    }

    /// Asks anew whether one contact is to be told of its topic's news.
    mutating func reconsider(_ line: Line, now: Instant) {
        guard let news = stories[line.topic] else { return }
        let errand = errands[line]
        if let errand, errand.place != news.place {
            // A recovery waits for its outage's receipt: for this node's own attempt to end, and
            // for another's as long as its lease holds.
            let isElsewhere = claims.best(on: line, at: now)?.claim.place == errand.place
            if errand.hasLeft || isElsewhere { return advance(line, now: now) }
        }
        if let passed = passedOver[line], passed != news.place { passedOver[line] = nil }
        guard let route = route(for: line), !news.isContested, !news.isWithdrawn,
            passedOver[line] == nil
        else {
            return close(line, because: .superseded, now: now)
        }
        let owed =
            errand.map { errand in
                errand.place == news.place
                    ? errand.owed : self.owed(by: errand, on: line, along: route, now: now)
            } ?? triedTrouble(before: news, on: line, along: route)
        let lastWord = ledger.lastWord(on: line)
        let wasTried = { (state: TargetState) in
            route.rated(state) != (lastWord.map { route.rated($0.state) } ?? .up)
        }
        let triedSince =
            ledger.failures(on: line).contains {
                // Whoever has tried to tell this very notice knew of such a failure: the ledger
                // keeps only the newest notice's.
                $0.place == news.place || $0.place < news.place && wasTried($0.state)
            }
            || errand.map {
                $0.place < news.place && $0.attempts > 0 && wasTried($0.place.state)
            } ?? false
        let wanting = Wanting(
            route: route, told: ledger.told(on: line), lastWord: lastWord, triedSince: triedSince)
        let want = wanting.want(news, owed: owed)
        guard let want else { return close(line, because: .superseded, now: now) }
        if errand?.place == news.place { return advance(line, now: now) }
        close(line, because: .superseded, now: now)
        open(line, news, want, owed: owed, now: now)
    }

    /// What an errand that is given up leaves to be told. Nothing if a silence held it: its state
    /// does not stand any more.
    private func owed(
        by errand: Errand, on line: Line, along route: Route, now: Instant
    ) -> TargetState? {
        guard !errand.isHeld else { return nil }
        // Of a trouble of the mesh that is over and that nobody has tried to tell, nobody is told.
        if case .mesh = line.topic, errand.attempts == 0 { return nil }
        if let told = ledger.told(on: line), told.place >= errand.place { return nil }
        return route.rated(errand.place.state) != .up
            ? errand.place.state : errand.owed ?? errand.notice.previous
    }

    /// A trouble of the mesh that another has tried to tell and that this node never saw. The yes may
    /// have been lost, and whoever tried may be gone, or too far down the ladder to tell the end.
    private func triedTrouble(
        before news: News, on line: Line, along route: Route
    ) -> TargetState? {
        guard case .mesh = line.topic, let tried = ledger.failures(on: line).first,
            tried.place < news.place, route.rated(tried.state) != .up
        else { return nil }
        return tried.state
    }

    private mutating func open(
        _ line: Line, _ news: News, _ want: Wanting.Want, owed: TargetState?, now: Instant
    ) {
        guard errands.count < parameters.bounds.noticesMax else {
            return turnAway(line.topic, now: now)
        }
        let notice = Notice(
            id: NoticeID(
                flip: news.place.occasion, contact: line.contact, kind: line.topic.kind,
                ordinal: news.place.ordinal, using: cryptography),
            incident: want.incident, kind: line.topic.kind, ordinal: news.place.ordinal,
            check: news.check, contact: line.contact, flip: news.place.occasion,
            epoch: UInt32(clamping: news.place.epoch), state: news.state,
            previous: want.previous, since: news.since, reason: news.reason,
            confirmedBy: news.confirmedBy, isPartialView: news.isPartialView,
            subject: line.topic.subject)
        var errand = Errand(notice, at: news.place, owed: owed, base: now)
        if let claim = resumed.removeValue(forKey: line), claim.place == news.place {
            errand.isResumed = true
            errand.base = now + parameters.lease
            errand.attempts = 1
        }
        for failure in ledger.failures(on: line) where failure.place == errand.place {
            errand.note(failure, now: now)
        }
        errands[line] = errand
        var lines = openLines[news.check] ?? []
        lines.insert(line, at: lines.firstIndex { $0 >= line } ?? lines.count)
        openLines[news.check] = lines
        advance(line, now: now)
    }

    /// Ends an errand that is neither sent nor to be sent by this node.
    mutating func close(_ line: Line, because status: NoticeStatus, now: Instant) {
        guard let errand = errands[line], !errand.hasLeft else { return }
        discard(line)
        effects.append(
            .report(
                .changed(
                    NoticeView(
                        notice: errand.notice, status: status, node: nil,
                        at: wallClock.time(at: now),
                        attempts: errand.attempts))))
    }

    /// Forgets an errand and its claim on disk.
    mutating func discard(_ line: Line) {
        guard let errand = errands.removeValue(forKey: line) else { return }
        if let number = errand.claimNumber {
            claimNumbers[number] = nil
        }
        if errand.hasStoredClaim {
            effects.append(
                .store(StoredItem(key: StoredKey.ofClaim(on: line), value: nil), token: nil))
        }
        openLines[errand.notice.check]?.removeAll { $0 == line }
        if openLines[errand.notice.check]?.isEmpty == true {
            openLines[errand.notice.check] = nil
        }
    }

    /// What is not worth keeping any more: see `isQuiet`.
    mutating func trim(_ topic: Topic) {
        guard let news = stories[topic], news.state == .up || news.isEnd, !news.isContested,
            openLines[news.check]?.contains(where: { $0.topic == topic }) != true
        else { return }
        switch topic {
        case .chain:
            guard news.previous == nil, ledger.lines(of: news.check).isEmpty else { return }
            stories[topic] = nil
        case .mesh:
            stories[topic] = nil
            meshTopicsCount -= 1
        case .partial:
            guard news.isEnd else { return }
            stories[topic] = nil
            partialTopics.remove(topic)
        }
    }

    /// The incident that a flip begins, goes on with or ends.
    private func incident(of flip: ToldFlip) -> IncidentID {
        let own = IncidentID(
            of: flip.check, beginning: flip.incident ?? flip.flip, using: cryptography)
        if flip.incident != nil || flip.state != .up && (flip.previous ?? .up) == .up {
            return own
        }
        let known = stories[.chain(flip.check)]
        if let known, known.place.birth == flip.birth, known.state != .up {
            if UInt64(flip.epoch) <= known.place.epoch &+ 1 { return known.incident }
        }
        // Flips in between are not known here; perhaps somebody told of one.
        var latest: Receipt?
        for line in ledger.lines(of: flip.check) where line.topic == .chain(flip.check) {
            guard let told = ledger.told(on: line), told.birth == flip.birth,
                told.state != .up, told.epoch <= UInt64(flip.epoch)
            else { continue }
            if latest.map({ told.place > $0.place }) ?? true { latest = told }
        }
        return latest?.incident ?? own
    }
}
