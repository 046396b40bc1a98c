package import MeshCore

/// How deciding is tuned (sections 5 and 6 of the design). The defaults are what the simulator's
/// sweeps hold the promises for.
package struct VerdictParameters: Sendable {
    /// Heads are sent this often to each co-owner where the shortest shared interval allows …
    package var headPeriodMin: TimeSpan = .seconds(3)
    /// … and at least this often.
    package var headPeriodMax: TimeSpan = .seconds(10)
    /// A verdict stands for this many intervals after its signer was last heard …
    package var standingIntervals = 3
    /// … and at least this long.
    package var standingMin: TimeSpan = .seconds(10)
    /// A signed dissent that lacks its quorum for this long calls for stand-ins.
    package var standInDelay: TimeSpan = .milliseconds(500)
    /// A stand-in that sees nothing wrong this many times goes home.
    package var standInLooks = 2
    /// A dissent that is not certified within this is told to all.
    package var tellAllDelay: TimeSpan = .seconds(1)
    /// A node that is no owner leaves minting to the owners for this long.
    package var bystanderDelay: TimeSpan = .milliseconds(1_500)
    /// A member list that was asked for is waited for so long, where it would decide.
    package var rollPatience: TimeSpan = .seconds(1)
    /// A node that has just come decides nothing against a past that it cannot judge yet, for at
    /// most this long.
    package var doubtMax: TimeSpan = .seconds(30)
    /// What a node hears of within this time of its settling was there before it.
    package var arrivalTime: TimeSpan = .seconds(10)
    /// A zone whose members are all dead stops counting after this.
    package var zoneGrace: TimeSpan = .seconds(60)
    /// A result of asking for the majority serves minting for this long.
    package var majorityAge: TimeSpan = .seconds(2)
    /// A look that has not come back after this is a reason to ask for the majority meanwhile.
    package var longLook: TimeSpan = .seconds(1)
    /// What is heard this soon after this process was stopped may have lain in its sockets.
    package var wakingTime: TimeSpan = .milliseconds(500)
    /// How long past its timeout a look may come back before it counts as hung.
    package var hungGrace: TimeSpan = .seconds(1)
    /// Local health from which on a node does not trust its own looks (Lifeguard).
    package var healthLimit = 4
    /// A burst: at least this many of a node's checks …
    package var burstMin = 16
    /// … and at least one in so many.
    package var burstShare = 4
    /// Failures count together that begin within the longest interval, at least this.
    package var burstWindowMin: TimeSpan = .seconds(2)
    /// How long a burst that others see, too, is believed.
    package var burstBelief: TimeSpan = .seconds(10)
    /// Whoever has signed two things under one number does not count in that generation, and in no
    /// other for this long.
    package var equivocatorRest: TimeSpan = .hours(1)
    /// How long a former owner goes on at most while the new one has not reported, in intervals.
    package var handoverIntervals = 3

    /// What was signed about a check that is not configured here is kept for so long.
    package var retention: TimeSpan = .hours(30 * 24)

    package init() {}
}

/// Bounds of deciding, and what happens at each.
package enum VerdictBounds {
    /// Checks of any origin, configured here or only heard of. Further ones heard of are refused.
    package static let checksMax = 20_000
    /// Last flips of checks that are configured no more, without their proof. The one put away
    /// longest ago gives way.
    package static let archiveMax = 65_536
    /// Entries of others kept for one check: R + 12 at the most generous rule, and a few that come
    /// early. The one heard longest ago gives way.
    package static let boardMax = 48
    /// Looks under way at once. A further one waits for its next turn and counts as not observed.
    package static let looksMax = 4_096
    /// Hints to look now that a node sends in a second; a flood is seen by everybody's own schedule.
    package static let hintsPerSecond = 64
    /// Hints to look now that a node follows in a second.
    package static let hintedLooksPerSecond = 64
    /// Member lists of others kept for their digests. The oldest gives way.
    package static let rollsMax = 1_024
    /// Nodes remembered as signers after they are gone. At the bound those that are gone are
    /// forgotten; a flip of theirs is then believed only by a node that is settling.
    package static let acquaintancesMax = 40_000
    /// Signatures asked for and not yet given. A further stance waits for the next look.
    package static let signaturesMax = 4_096
    /// Nodes proved to have signed two things under one number. The one proved longest ago gives
    /// way.
    package static let equivocatorsMax = 64
    /// Latest statements of one node that a further one is compared with; the oldest gives way.
    package static let statementsMax = 32
    /// Members that a node in doubt asks in a second whether they have just come, chosen anew each
    /// time.
    package static let newcomersAskedMax = 64
    /// Checks in a head's list, in one message of hints, in one question for standing entries.
    package static let prefixesMax = 64
}
