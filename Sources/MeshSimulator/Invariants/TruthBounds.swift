package import MeshCore

/// How long checks and notices may take, from the rules and the membership's bounds: what is
/// promised, not what is usual. Each is as short as the protocol's own waits add up to.
package struct TruthBounds: Sendable {
    /// A check that nobody has looked at for so long is not watched.
    package var unwatched: TimeSpan
    /// From the last change of a target in a quiet mesh until its state is certified everywhere.
    package var certification: TimeSpan
    /// From then until every contact has been told.
    package var telling: TimeSpan
    /// From a provider's recovery until whoever is to be told has been: senders whom it refused
    /// wait longer after each round, up to five minutes, and for half a minute for an answer; then
    /// a ladder.
    package var retrying = TimeSpan.minutes(6)
    /// From a flip until everybody in a quiet mesh holds it.
    package var spreading: TimeSpan
    /// How often a second a node that sees every target down may call other owners to look: all of
    /// them with each look.
    package var callsPerSecond: Int

    /// A node may go on minting by what it knew of its majority for so long: a roll call serves for
    /// a second after it has ended, and counts acks of two seconds before …
    static let mintingGrace = TimeSpan.seconds(3)
    /// … and sending what it had claimed then: a lease is four seconds.
    static let sendingGrace = mintingGrace + .seconds(4)

    init(_ watch: WatchSetup, detection: TimeSpan, lossPerMillion: Int) {
        let interval = watch.longestInterval
        // A quarter of the packets lost doubles what takes several of them.
        let patience = 1 + (lossPerMillion * 4 + 999_999) / 1_000_000
        // An interval; the time in which a dead owner is noticed; the look of who takes its place,
        // which begins within a tenth of an interval of a change that is batched for a moment.
        unwatched = interval + interval / 10 + detection + watch.timeout + .seconds(1)
        // The owners have it within two round trips, and who missed it hears by the digest on an
        // ack: every node is asked within two laps of a small mesh or by somebody each second, a
        // difference must last for a second, and a peer that has just been asked is left in peace
        // for up to five.
        spreading = .seconds(15) * patience
        // The next look of an owner, and one that comes too early to count; the delay, twice: where
        // the owners are too few, a stand-in begins when they have signed.
        certification = interval * (2 * watch.longestDelay + 2) + watch.timeout + spreading
        // A ladder of sixteen rungs of a second and a half, a lease and an attempt.
        telling = .seconds(30) * patience
        let shortest = max(1, Int(watch.shortestInterval.milliseconds))
        callsPerSecond = watch.checkCount * max(0, watch.confirmationsMax - 1) * 1_000 / shortest
    }
}
