package import MeshChecks
package import MeshCore
package import MeshMembership
package import MeshNotices
package import MeshVerdicts

// What a node's own views are as the endpoint shows them, for the shell that stands behind
// `StatusSource`. Names of nodes and contacts are looked up by who has them.

extension MemberStatus {
    package init(_ view: MemberView, _ clock: WallClock) {
        self.init(
            name: view.name.text, id: view.id, zone: view.zone.text,
            address: view.address.description, state: view.state,
            generation: view.standing.generation, incarnation: view.standing.incarnation,
            since: clock.time(at: view.since))
    }
}

/// What of a flip is only in its certificate. Kept by the shell, one for each check, when a flip is
/// reported: to read a certificate takes too long to be done for each request.
package struct FlipFacts: Hashable, Sendable {
    package var since: WallTime
    package var reason: Reason
    package var confirmedBy: [NodeID]

    package init(since: WallTime, reason: Reason, confirmedBy: [NodeID]) {
        self.since = since
        self.reason = reason
        self.confirmedBy = confirmedBy
    }
}

extension CheckStatus {
    /// Why nothing is watched on a side that is cut off.
    package static let lacksMajority = "this node does not reach most of the mesh"

    /// - Parameters:
    ///   - known: how many members count, for the number of owners.
    ///   - lastLook: when this node's latest look ended; of a check that it does not own, `nil`.
    ///   - name: what a node is called; its id where that is not known.
    ///   - isReachable: whether a node is alive or suspect.
    package init(
        _ view: CheckView, id own: NodeID, type: String, target: String, facts: FlipFacts?,
        known: Int, lastLook: WallTime?, name: (NodeID) -> String,
        isReachable: (NodeID) -> Bool
    ) {
        self.init(id: view.id, name: view.plan?.name.text ?? view.id.description)
        self.type = type
        self.target = target
        state = view.flip?.state
        since = facts?.since
        epoch = view.flip?.epoch ?? 0
        reason = facts?.reason.text ?? ""
        owners = view.owners.map(name)
        notifier = (view.owners.first(where: isReachable) ?? view.owners.first).map(name)
        if let rule = view.plan?.rule {
            quorum = rule.quorum.needed(of: rule.owners(known: known))
        }
        isWatched = view.isWatched
        notWatched = isWatched ? nil : view.lack?.words(name) ?? Self.lacksMajority
        couldNotLook = view.blindness?.text
        isOwnedHere = view.owners.contains(own)
        provisional = view.provisional
        unreachableFrom = view.unreachableFrom.map(\.text)
        verdicts = view.verdicts.compactMap { VerdictStatus($0, name) }
        // Of others' looks only those are known that made them sign something.
        let newest = view.verdicts.max { $0.observedAt < $1.observedAt }
        if let observation = view.observation, let lastLook {
            latency = observation.latency
            lastObservedAt = lastLook
        } else if let newest {
            latency = .microseconds(Int64(clamping: min(newest.latencyMicroseconds, 1 << 50)))
            lastObservedAt = newest.observedAt
        }
    }
}

extension VerdictStatus {
    init?(_ entry: LogEntry, _ name: (NodeID) -> String) {
        let seen: TargetState
        switch entry.stance {
        case .dissents(let state), .opines(let state): seen = state
        case .withdrawn, .declines: return nil
        }
        self.init(
            node: name(entry.node), state: seen, reason: entry.reason.text, since: entry.since)
    }
}

extension NotificationStatus {
    package init(
        _ view: NoticeView, check: String, contact: String, name: (NodeID) -> String
    ) {
        self.init(
            id: view.notice.id, check: check, epoch: view.notice.epoch, state: view.notice.state,
            contact: contact, kind: view.notice.kind, status: view.status,
            node: view.node.map(name), at: view.at, attempts: view.attempts)
    }
}
