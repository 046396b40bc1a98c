package import MeshChecks
package import MeshCore
import MeshVerdicts

/// One look of this node at a target, as it is kept.
package struct LookRecord: Hashable, Sendable {
    package var check: CheckID
    /// When it ended, by the wall clock.
    package var at: WallTime
    package var observation: Observation

    package init(check: CheckID, at: WallTime, observation: Observation) {
        self.check = check
        self.at = at
        self.observation = observation
    }
}

/// A certified flip with what people ask of it, and its proof.
package struct FlipRecord: Hashable, Sendable {
    package var id: FlipID
    package var check: CheckID
    /// What the check was called; the file outlives the configuration.
    package var name: String
    package var birth: Birth
    package var epoch: UInt32
    package var parent: FlipID
    package var state: TargetState
    /// The certified state that it leads away from; `nil` before a check's first flip.
    package var previous: TargetState?
    /// When the first of its signers saw the state.
    package var since: WallTime
    package var reason: Reason
    package var confirmedBy: [NodeID]
    package var certificate: [UInt8]

    package init(
        id: FlipID, check: CheckID, name: String, birth: Birth, epoch: UInt32, parent: FlipID,
        state: TargetState, previous: TargetState?, since: WallTime, reason: Reason,
        confirmedBy: [NodeID], certificate: [UInt8]
    ) {
        self.id = id
        self.check = check
        self.name = name
        self.birth = birth
        self.epoch = epoch
        self.parent = parent
        self.state = state
        self.previous = previous
        self.since = since
        self.reason = reason
        self.confirmedBy = confirmedBy
        self.certificate = certificate
    }

    /// All of it is in the certificate; `nil` if that can't be read. It is not verified here: a
    /// node hands over what it believes already.
    package init?(
        certificate bytes: [UInt8], name: String, mesh: MeshID, cryptography: any Cryptography
    ) {
        guard
            let certificate = try? Certificate.decode(
                ByteReader(bytes), mesh: mesh, cryptography: cryptography)
        else { return nil }
        let flip = certificate.flip
        let first = certificate.foremost
        self.init(
            id: flip.id, check: flip.check, name: name, birth: flip.birth, epoch: flip.epoch,
            parent: flip.parent, state: flip.state, previous: certificate.previous,
            since: first?.entry.since ?? WallTime(milliseconds: 0),
            reason: first?.entry.reason ?? .none,
            confirmedBy: certificate.supporters.map(\.node), certificate: bytes)
    }
}

/// The time from a flip away from up to the flip back.
package struct IncidentRecord: Hashable, Sendable {
    package var check: CheckID
    package var name: String
    /// The worst that it came to.
    package var state: TargetState
    package var startedAt: WallTime
    /// `nil` while it lasts.
    package var endedAt: WallTime?
    /// Of the flip that began it.
    package var epoch: UInt32
    package var flip: FlipID
    package var reason: Reason
    package var confirmedBy: [NodeID]
}
