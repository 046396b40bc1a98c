import MeshChecks
import MeshCore

// Checks that are configured no more. What was signed about them is kept for a while, for others may
// watch them still or an operator may think better of it; then the page is given back.
//
// All nodes must forget at about the same time, or those that still hold a dossier would give it back
// to those that have dropped it, for ever. So it goes by the signers' wall times, which retention
// may, and by whole hours.

extension Verdicts {
    static let sweepPeriod = TimeSpan.hours(1)

    mutating func scheduleSweep(now: Instant) {
        let hour = UInt64(Self.sweepPeriod.milliseconds)
        let next = (wallClock.time(at: now).milliseconds / hour + 1).multipliedReportingOverflow(
            by: hour)
        let due = wallClock.instant(of: WallTime(milliseconds: next.partialValue))
        timers.schedule(.sweep, at: min(max(due, now + .seconds(1)), now + Self.sweepPeriod))
    }

    mutating func sweep(now: Instant) {
        scheduleSweep(now: now)
        for place in 0..<book.count {
            let page = book[place]
            guard page.isOpen, page.plan == nil, page.duty == nil,
                isPast(page.board.posted.map(\.entry.observedAt).max(), now: now),
                isPast(page.certified?.observedAt, now: now)
            else { continue }
            forget(place)
        }
    }

    /// Whether what was signed at `time` about a check that is not configured here is worth nothing
    /// any more; true where there is nothing.
    func isPast(_ time: WallTime?, now: Instant) -> Bool {
        guard let time else { return true }
        let today = wallClock.time(at: now).milliseconds
        let retention = UInt64(parameters.retention.milliseconds)
        return today > time.milliseconds && today - time.milliseconds > retention
    }

    /// Whether a certificate is about a check that is not configured here, and past.
    func isForgotten(_ certificate: Certificate, now: Instant) -> Bool {
        let place = book.place(of: certificate.flip.check)
        let isPlanned = place.map { book[$0].plan != nil } ?? false
        return !isPlanned && isPast(certificate.observedAt, now: now)
    }

    private mutating func forget(_ place: Int) {
        let check = book[place].id
        let archived = book[place].certified?.flip
        let evicted = book.close(place)
        if let archived {
            let item = StoredItem(key: Self.key(of: check), value: archived.archived)
            effects.append(.store(item))
        }
        if let evicted {
            effects.append(.store(StoredItem(key: Self.key(of: evicted), value: nil)))
        }
    }
}

extension Certificate {
    /// When its flip was signed, by the earliest of the clocks: a single signer cannot keep it from
    /// being forgotten.
    var observedAt: WallTime? { supporters.map(\.entry.observedAt).min() }
}
