import MeshChecks
import MeshCore

/// Whether a contact is to be told of a state, given what it was last told.
///
/// States are rated along the route first: without `tellsDegraded`, degraded counts as up. *Told*
/// is the state of the highest sent receipt, up if there is none; *owed* is a bad state of an
/// earlier notice that was wanted, never sent, and has ended.
///
///     on       now   told         owed   tells
///     both     up    up           -      nothing (so also unknown -> up)
///     both     up    bad          any    the recovery, with the incident that was told
///     both     up    up           bad    outage and recovery as one: the recovery, previous = owed
///     both     bad   other        any    the outage, or the change between degraded and down
///     both     bad   the same     any    nothing; a recovery between them that was never sent is
///                                        dropped, for the contact believes what is so. If it was
///                                        tried, it may have arrived with its answer lost: the
///                                        outage, for the contact must not believe in a recovery
///     both     bad   the same     any    of the mesh, a further word of the same trouble: that word
///     offline  up    any          any    nothing; an unsent outage that has ended is dropped
///     offline  bad   the same, and of this incident      nothing, but for such a further word
///     offline  bad   anything else                       the outage
///     online   up    -            bad    the recovery, previous = owed
///     online   up    -            none   the recovery if the check was bad just before
///     online   bad   -            any    nothing; an unsent recovery is dropped
///
/// After a lost fork or a lost birth (*guarded*) owed and incident do not count: it is told only if
/// the rated state differs from the last receipt's. A chain that has been up since its birth is
/// past that.
struct Wanting: Sendable {
    var route: Route
    /// The highest that was sent.
    var told: Receipt?
    /// What the contact heard last: another one where two sides of a cut have told.
    var lastWord: Receipt?
    /// Somebody has tried to tell a state that is rated otherwise since, and failed as far as is
    /// known: the contact may believe that one.
    var triedSince = false

    struct Want: Sendable, Hashable {
        var previous: TargetState?
        var incident: IncidentID
    }

    func want(_ news: News, owed unsent: TargetState?) -> Want? {
        if let told, told.place >= news.place { return nil }
        if news.isEnd, told?.occasion != news.place.occasion { return nil }
        // A view that departs from another flip knows nothing of what was told about the last one:
        // the contact is taken to believe the chain.
        let isFreshView =
            news.isPartialView
            && (told?.birth != news.place.birth || told?.epoch != news.place.epoch)
        let told = isFreshView ? nil : lastWord ?? told
        let believed = told.map { route.rated($0.state) } ?? .up
        let state = route.rated(news.state)
        let isFurther =
            state != .up && state == believed && Self.isFurther(news, after: told)
        let isGuarded = news.isGuarded || Self.begins(news, anewAfter: told)
        let ended = isFreshView ? news.previous : unsent
        let owed = isGuarded ? nil : ended.flatMap { route.rated($0) == .up ? nil : $0 }
        switch news.isEnd ? .both : route.on {
        case .both:
            if state != believed {
                return Want(
                    previous: told?.state ?? owed ?? news.previous,
                    incident: believed == .up ? news.incident : told?.incident ?? news.incident)
            }
            if isFurther, let told {
                return Want(previous: told.state, incident: told.incident)
            }
            if state != .up, triedSince, told?.incident != news.incident {
                return Want(previous: news.previous, incident: news.incident)
            }
            guard state == .up, let owed else { return nil }
            return Want(previous: owed, incident: news.incident)
        case .offline:
            guard state != .up else { return nil }
            let isSame = state == believed && (isGuarded || told?.incident == news.incident)
            return isSame && !isFurther
                ? nil : Want(previous: news.previous, incident: news.incident)
        case .online:
            guard state == .up, !isGuarded || believed != .up else { return nil }
            let before = owed ?? news.previous
            guard let before, route.rated(before) != .up else { return nil }
            return Want(previous: before, incident: news.incident)
        }
    }

    /// There is more to a trouble of the mesh than the contact has heard since it began.
    private static func isFurther(_ news: News, after told: Receipt?) -> Bool {
        guard let first = news.first, let told else { return false }
        return told.epoch >= first && told.place < news.place
    }

    /// The first flip of a chain of another birth than the receipt's: the contact has heard the
    /// old chain's last word, and is told only if this differs.
    private static func begins(_ news: News, anewAfter told: Receipt?) -> Bool {
        guard let told else { return false }
        return told.birth != news.place.birth && news.previous != .up
    }
}
