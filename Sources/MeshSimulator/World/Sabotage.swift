/// Planted faults: each breaks one promise of the protocol at the seam between node and world,
/// without a line in production code, so that a test can see the invariant fire. An invariant that
/// has never fired proves nothing.
package enum Sabotage: String, Sendable, Hashable, CaseIterable {
    /// Suspicions take a hundred times as long: the dead are found too late.
    case endlessSuspicion
    /// Suspicions last a moment and nobody looks twice: the living are buried.
    case hastySuspicion
    /// One process hears nothing, and the world believes the network whole.
    case deafProcess
    /// A process is set back to what it was a minute ago: its views go back, …
    case rewoundViews
    /// … and its counter of sealed datagrams with them.
    case rewoundCounter
    /// A process speaks with another's key.
    case stolenKey
    /// A process is made to forget that it has seen a datagram before.
    case forgottenReplays
    /// Datagrams that nobody authenticates.
    case anySeal
    /// Datagrams are padded past what a path may carry.
    case paddedDatagrams
    /// Gossip that does not end.
    case endlessGossip
    /// Everybody counts, whatever name they bear.
    case sharedNames
    /// A living clone ignores that it was told to stop.
    case stubbornClone
    /// Both of a pair of clones stop.
    case bothClonesStop
    /// Goodbyes are lost on their way out.
    case swallowedGoodbye
    /// Acks go out longer than the pings that they answer.
    case paddedReplies
    /// Acks go to where the ping's sender says it lives instead of where the ping came from.
    case redirectedReplies
    /// The dead are forgotten after a minute.
    case shortMemory
    /// The dead are never forgotten.
    case endlessMemory
    /// Deadlines pass unhandled.
    case ignoredDeadlines
    /// A disk that confirms and does not write.
    case lyingDisk
    /// One process says everything sixty times.
    case stammer
    /// Every node believes that one voter is a quorum.
    case quorumOfOne
    /// Everybody is shown an outage of one target that is up.
    case falseLooks
    /// One process tells the opposite of each flip.
    case secondHistory
    /// One process keeps what it learns of flips to itself.
    case swallowedFlips
    /// Withdrawals are never signed: a dissent stands until its signer is gone.
    case forgottenWithdrawals
    /// Nobody gets an answer about one check.
    case blindMesh
    /// Every notice is sent by two.
    case secondSender
    /// Every notice is sent a second time under another id.
    case renamedNotices
    /// Notices are answered as sent and never leave.
    case unsentNotices
    /// Outages are told as recoveries.
    case inventedRecovery
    /// What is told of the mesh itself is told a second time under another id.
    case stutteringMesh
    /// What is told of the mesh itself is answered as sent and never leaves.
    case mutedMesh
    /// A partial view's end is answered as sent and never leaves.
    case endlessPartials
    /// A node that was cut off tells what the others tell.
    case talkativeMinority
    /// A node that was cut off mints what the others mint.
    case mintingMinority
    /// Every node believes that one zone is enough.
    case oneZoneIsEnough
    /// Everybody is shown one target up, whatever it is.
    case rosyLooks
    /// Notices go out under one epoch, whatever theirs is.
    case frozenEpochs
}
