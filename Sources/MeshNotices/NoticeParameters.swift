package import MeshCore

/// How telling is tuned.
package struct NoticeParameters: Sendable {
    /// How long each rank of the ladder waits for the one before it.
    package var rung: TimeSpan = .milliseconds(1_500)
    /// How long a claim waits for one answer. Above a slow round trip, far below a rung.
    package var claimWait: TimeSpan = .milliseconds(150)
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

    package init() {}

    /// How long to wait after round number `round` (from 0) has failed everywhere.
    func pause(after round: UInt32) -> TimeSpan {
        min(roundPause * (1 << Int(min(round, 16))), roundPauseMax)
    }
}

/// Bounds of telling, and what happens at each.
package enum NoticeBounds {
    /// Notices on their way at once. A further one is not begun; it is reported.
    package static let noticesMax = 65_536
    /// Lines (check and contact) with receipts. At the bound, those that no route of this node
    /// names give way, a quarter at a time, the oldest first; then a further one is refused.
    package static let ledgerMax = 131_072
    /// Failures kept for one notice, the latest of each node. A further node's is not kept.
    package static let failuresMax = 32
    /// Lines with claims of others. A further claim gets no answer: its sender waits 150 ms.
    package static let claimedLinesMax = 65_536
    /// Claims of others on one line. A further one gets no answer.
    package static let claimsPerLineMax = 16
    /// Signatures asked for and not yet given. A further statement is not made.
    package static let signaturesMax = 65_536
    /// Subjects of records. At the bound the one of the oldest time gives way.
    package static let recordsMax = 8_192
    /// Topics about the mesh. At the bound a further one is not told of.
    package static let meshTopicsMax = 16_384
    /// Partial views that this node tells of, or of whose end. At the bound a further one is not
    /// told of.
    package static let partialTopicsMax = 16_384
}
