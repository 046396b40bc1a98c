package import MeshCore
package import MeshMembership

/// How long things may take, from the protocol's parameters and the network's loss. They are what
/// is promised, not what is usual: figures show the usual.
package struct Bounds: Sendable {
    /// From a process's end until everybody who runs knows.
    package var detection: TimeSpan
    /// From the last disturbance until everybody holds the same.
    package var agreement: TimeSpan
    /// After an impairment, for so long deaths of the living may still be declared: suspicions
    /// that it raised run out.
    package var aftermath: TimeSpan
    /// From a clone's start until one of the two has stopped.
    package var clone: TimeSpan
    package var retention: TimeSpan
    /// How far the dropping of one dead member may be apart from node to node.
    package var retentionSlack: TimeSpan
    /// How often one node may send one update in gossip.
    package var sendsPerUpdate: Int
    /// How many checks there are, and how long they may take.
    package var checkCount: Int
    package var truth: TruthBounds

    /// The promise for `nodes` nodes with `parameters` when `lossPerMillion` packets are lost.
    package init(
        nodes: Int, parameters: MembershipParameters, lossPerMillion: Int,
        watch: WatchSetup = WatchSetup()
    ) {
        let log = max(FixedPoint.one, FixedPoint.log10(max(nodes, 1)))
        let suspicionMin = (parameters.probePeriod * parameters.suspicionMultiplier)
            .scaled(by: log)
        let suspicionMax = suspicionMin * parameters.suspicionMaxMultiplier
        // Until somebody's turn comes to probe it: two laps of a small mesh; in a large one
        // somebody probes it every second.
        let search = parameters.probePeriod * min(2 * nodes, 20)
        let spread = TimeSpan.seconds(8)
        let calmDetection = search + suspicionMax + parameters.lastLook + spread
        // Loss slows probing (local health) and makes some of it fail: by a quarter for every
        // sixteenth of the packets.
        detection = calmDetection + calmDetection * (4 * lossPerMillion) / 1_000_000
        agreement = detection + .seconds(90)
        aftermath = detection
        clone = parameters.cloneWindow * 3
        retention = parameters.retention
        retentionSlack = parameters.retention / 24 + .minutes(5)
        sendsPerUpdate = parameters.retransmitMultiplier * max(1, ceilingLog10(nodes + 1))
        checkCount = watch.checkCount
        truth = TruthBounds(watch, detection: detection, lossPerMillion: lossPerMillion)
    }
}
