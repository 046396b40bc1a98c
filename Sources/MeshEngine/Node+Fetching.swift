import MeshChecks
import MeshCore
import MeshMembership
import MeshVerdicts

// Certificates that no datagram holds: word of them goes round, and who lacks one fetches it.

extension Node {
    /// An update as a datagram carries it: itself, or word of a certificate that is too large.
    /// `nil` for what neither fits nor can be fetched; nothing of this version's is that.
    static func datagramForm(of update: Update) -> Update? {
        guard update.body.count > Update.byteCountMax else { return update }
        guard update.kind == UpdateKind.certificate,
            let (flip, check, epoch) = Certificate.peekID(update.body)
        else { return nil }
        return FetchList.News(flip: flip, check: check, epoch: epoch).update
    }

    /// A member has told of a certificate that it holds.
    mutating func take(flipNews update: Update, from peer: NodeID, now: Instant) {
        guard let news = try? FetchList.News.decode(update.body) else {
            counters.payloadsMalformed += 1
            return
        }
        membership.noteHeard(update, about: Self.key(news.check.bytes))
        guard !Self.isHeld(news, by: verdicts) else { return }
        fetches.note(news, heldBy: peer, now: now)
        scheduleFetch()
    }

    /// Whether a certificate, or a later one, is here already.
    private static func isHeld(_ news: FetchList.News, by verdicts: Verdicts) -> Bool {
        guard let held = verdicts.flip(of: news.check) else { return false }
        return held.id == news.flip || held.epoch > news.epoch
    }

    private mutating func scheduleFetch() {
        if let due = fetches.nextDue, fetchAlarm.set(at: due) {
            timers.schedule(.fetch, at: due)
        }
    }

    mutating func handleFetchTimer(now: Instant) {
        guard fetchAlarm.goesOff(at: now) else { return }
        fetch(now: now)
    }

    /// Asks for what is due. While an exchange is under way nothing is: its end comes by here.
    private mutating func fetch(now: Instant) {
        guard !fetches.isEmpty, truthSync.openedTo == nil else { return }
        let (verdicts, membership) = (verdicts, membership)
        let node = fetches.next(
            now: now, isHeld: { Self.isHeld($0, by: verdicts) },
            isReachable: { membership.isReachable($0) })
        if let node {
            truthSync.force(node, now: now)
        } else {
            scheduleFetch()
        }
    }

    /// An exchange that this node opened has ended.
    mutating func noteExchange(endedWith node: NodeID, hasFailed: Bool, now: Instant) {
        guard !fetches.isEmpty else { return }
        let verdicts = verdicts
        fetches.note(endOf: node, hasFailed: hasFailed, now: now) {
            Self.isHeld($0, by: verdicts)
        }
        fetch(now: now)
    }
}
