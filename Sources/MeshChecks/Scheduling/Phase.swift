package import MeshCore

/// When an owner looks: rank k of R at hash(check) + k x interval / R on the wall clock, so that R
/// owners together see a failure within interval / R at the load of one look per interval each.
///
/// Wall clocks that disagree cost only the even spread, never a look: a step towards the right
/// phase is at most an eighth of the interval.
package struct Phase: Sendable, Hashable {
    private let interval: TimeSpan
    private let offset: TimeSpan

    package init(of check: CheckID, interval: TimeSpan, rank: Int, owners: Int) {
        self.interval = interval
        let share = check.bytes.high.multipliedFullWidth(by: UInt64(interval.nanoseconds)).high
        let own = interval.nanoseconds / Int64(max(owners, 1)) * Int64(rank)
        offset = TimeSpan(nanoseconds: (Int64(share) + own) % interval.nanoseconds)
    }

    /// The first moment of this phase at or after `now`.
    package func first(from now: Instant, _ clock: WallClock) -> Instant {
        now + distance(at: now, clock)
    }

    /// The look after one that was due at `due`: an interval later, a step nearer to the phase.
    package func next(after due: Instant, _ clock: WallClock) -> Instant {
        let plain = due + interval
        let ahead = distance(at: plain, clock)
        let step = interval / 8
        return ahead > interval / 2
            ? plain - min(interval - ahead, step) : plain + min(ahead, step)
    }

    /// How long after `instant` the phase comes round; below the interval.
    private func distance(at instant: Instant, _ clock: WallClock) -> TimeSpan {
        let shown = clock.time(at: instant).milliseconds % UInt64(interval.milliseconds)
        let position = TimeSpan.milliseconds(Int64(shown))
        let ahead = offset - position
        return ahead < .zero ? ahead + interval : ahead
    }
}
