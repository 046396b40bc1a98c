package import MeshCore

/// How the membership protocol is tuned. The defaults are the point on the curve of detection time
/// against false deaths that the simulator's sweep showed (article *Simulator*).
package struct MembershipParameters: Sendable {
    /// One member is probed per period, scaled by local health (Lifeguard IV.A).
    package var probePeriod: TimeSpan = .seconds(1)
    /// A ping's timeout is three times the 99th percentile of round trips, within these bounds.
    package var pingTimeoutMin: TimeSpan = .milliseconds(100)
    package var pingTimeoutMax: TimeSpan = .milliseconds(500)
    /// How many members are asked to ping for us when a direct ping fails.
    package var indirectProbes = 3
    /// Suspicion lasts at least this times max(1, log10 n) periods (Lifeguard's alpha) …
    package var suspicionMultiplier = 3
    /// … and at most this times that (Lifeguard's beta).
    package var suspicionMaxMultiplier = 6
    /// How many accusers beside the first bring a suspicion to its minimum (Lifeguard's K).
    package var confirmationsExpected = 2
    /// About how many members look for themselves as soon as they hear of a suspicion.
    package var confirmersWanted = 6
    /// Direct pings in one round, spread over it: all but the first are sent only while there is
    /// no answer, so they cost nothing where nothing is lost.
    package var roundTries = 5
    /// A holder of a suspicion that has neither been refuted nor confirmed for about this long
    /// looks for itself: its copy of the refutation may have been lost.
    package var secondThought: TimeSpan = .seconds(2)
    /// The last look before a death: this long, with this many direct pings spread over it, and
    /// relays asked beside every second one.
    package var lastLook: TimeSpan = .seconds(1)
    package var lastLookTries = 8
    /// Local health runs from 0 to this (Lifeguard's S, less one).
    package var localHealthMax = 7
    /// Gossip goes to this many members …
    package var gossipFanout = 3
    /// … this often while there is something to say …
    package var gossipInterval: TimeSpan = .milliseconds(200)
    /// … and as soon as this after the last time when what there is to say was never said.
    package var gossipEagerInterval: TimeSpan = .milliseconds(20)
    /// An update is sent at most this times ceil(log10(n + 1)) times.
    package var retransmitMultiplier = 4
    /// An update that is not about members is sent at most this many times, however large the mesh
    /// is: anti-entropy reaches whom gossip missed.
    package var newsLimit = 6
    /// How long the dead, the left and the forgotten are remembered.
    package var retention: TimeSpan = .hours(24)
    /// How often a node that knows dead members considers trying one of them.
    package var deadContactInterval: TimeSpan = .seconds(10)
    /// How often seeds are tried while too few members are reachable.
    package var seedInterval: TimeSpan = .seconds(10)
    /// A peer's digest must differ for this long, plus a random part of it, before lists are
    /// exchanged.
    package var syncDelay: TimeSpan = .seconds(1)
    /// At least this between exchanges that one node opens.
    package var syncInterval: TimeSpan = .seconds(5)
    /// A stream that makes no progress for this long is closed.
    package var streamTimeout: TimeSpan = .seconds(10)
    /// And one that still makes progress, after this: a peer that sends a byte now and then must
    /// neither hold its place for ever nor keep this node from exchanging lists with another.
    package var streamLifetime: TimeSpan = .minutes(5)
    /// A node whose own timer is this late was stalled: it blames nobody for that round.
    package var stallThreshold: TimeSpan = .milliseconds(500)
    /// A second collision with our own key within this is a living clone.
    package var cloneWindow: TimeSpan = .seconds(60)

    /// Lifeguard's local health and shrinking suspicion (LHA-Probe, LHA-Suspicion), its buddy
    /// system, and the last look. Switched off only to measure what each is worth.
    package var lifeguard: Set<LifeguardPart> = Set(LifeguardPart.allCases)

    package enum LifeguardPart: Sendable, Hashable, CaseIterable {
        case localHealth, shrinkingSuspicion, buddy, lastLook
    }

    /// The wire versions that this node speaks. The simulator raises it to stand for a later one.
    package var wireVersions: ClosedRange<UInt8> = WireVersion.lowest...WireVersion.highest
    /// What a later version would append to messages and statements; empty in this one.
    package var futureFields: [UInt8] = []

    package init() {}
}

/// The versions of the wire format that this code speaks.
package enum WireVersion {
    package static let lowest: UInt8 = 1
    package static let highest: UInt8 = 1
}

/// Bounds of the membership protocol, and what happens at each.
package enum MembershipBounds {
    /// A datagram's payload on the wire, header and tag included: below every path's MTU.
    package static let datagramByteCountMax = 1_200
    /// The longest header, 40 bytes, and the tag, 16.
    package static let sealOverheadByteCountMax = 56
    /// Members in any state, this node included. A further one is refused and counted.
    package static let membersMax = 10_000
    /// Updates waiting to be gossiped per lane. The one sent most often gives way.
    package static let queuedUpdatesMax = 4_096
    /// Updates waiting in the lane of the flips: a storm of them moves by anti-entropy.
    package static let queuedFlipsMax = 128
    /// A datagram carries one or two, told six times each.
    package static let stormFlipsMin = 24
    /// What waits for the other parts of the node, which empty it after every call. A further
    /// datagram's is dropped and counted; a further frame ends its stream.
    package static let inboxMax = 4_096
    /// Streams that peers opened for other parts of the node. A further one is closed.
    package static let foreignStreamsAcceptedMax = 16
    /// Probes under way at once: the period's, confirmations, last looks, contacts with the dead.
    /// A further one is not started; its timer comes again.
    package static let probesMax = 256
    /// Pings under way for others. A further request is answered with a nack at once.
    package static let relaysMax = 256
    /// Streams open at once, either way. A further one is refused.
    package static let streamsMax = 64
    /// Signatures asked for and not yet given. A further statement is not made.
    package static let signaturesMax = 256
    /// Suspicions cleared by own evidence that are remembered. The oldest gives way.
    package static let clearancesMax = 256
}
