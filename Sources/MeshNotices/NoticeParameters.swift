package import MeshCore

/// How telling is tuned.
package struct NoticeParameters: Sendable {
    /// How long each rank of the ladder waits for the one before it.
    package var rung: TimeSpan = .milliseconds(1_500)
    /// How long a claim waits for one answer. Above a slow round trip, far below a rung.
    package var claimWait: TimeSpan = .milliseconds(150)
    /// The same for a node that was away: time for a yes or a receipt from each that lives, through
    /// any loss, and still within a rung.
    package var waryClaimWait: TimeSpan = .milliseconds(500)
    /// For how long after an absence a node asks more than the owners. Long enough for an exchange
    /// of dossiers in the worst of weather.
    package var wariness: TimeSpan = .minutes(1)
    /// How soon it is said again to those who have not answered: one lost datagram must not decide.
    package var claimRetry: TimeSpan = .milliseconds(50)
    /// How long a claim holds without being renewed …
    package var lease: TimeSpan = .seconds(4)
    /// … and how often it is, while its holder tries.
    package var leaseRenewal: TimeSpan = .seconds(1)
    /// An attempt without an answer for this long counts as failed.
    package var attemptTimeout: TimeSpan = .seconds(30)
    /// After every node of the ladder has failed: this, doubled with every further round …
    package var roundPause: TimeSpan = .seconds(30)
    /// … up to this.
    package var roundPauseMax: TimeSpan = .minutes(5)
    /// How long one answer about the majority serves all notices.
    package var majorityFreshness: TimeSpan = .seconds(1)
    /// When to ask again after a *no*, or after none came.
    package var majorityRetry: TimeSpan = .seconds(2)
    /// How long a node that has just come to the majority listens before it tells of a flip: the
    /// others may have told the next one meanwhile. Enough to compare with one of them.
    package var homecomingWait: TimeSpan = .seconds(3)
    /// A signature that has not come for this long is asked for again.
    package var signatureRetry: TimeSpan = .seconds(1)
    /// How often what a bound kept from being told is looked at again.
    package var boundRetry: TimeSpan = .seconds(1)
    package var bounds = NoticeBounds()

    package init() {}

    /// How long to wait after round number `round` (from 0) has failed everywhere.
    func pause(after round: UInt32) -> TimeSpan {
        min(roundPause * (1 << Int(min(round, 16))), roundPauseMax)
    }
}
