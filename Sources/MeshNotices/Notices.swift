package import MeshChecks
package import MeshCore

/// One node's part in telling, as a value.
package struct Notices: Sendable {
    package init(
        id: NodeID, mesh: MeshID, parameters: NoticeParameters = .init(),
        cryptography: any Cryptography, wallClock: WallClock, restored: [StoredItem] = []
    ) {}

    package mutating func setRoutes(
        _ routes: [CheckID: [Route]], contacts: Set<ContactID>, meshCheck: CheckID, now: Instant
    ) {}
    package mutating func set(_ wallClock: WallClock, now: Instant) {}
    /// Before anything is signed: the stamps of statements begin with it.
    package mutating func setGeneration(_ generation: UInt32) {}
    package mutating func setFooting(_ footing: Footing, now: Instant) {}
    package mutating func memberChanged(_ node: NodeID, isAlive: Bool, now: Instant) {}

    package mutating func learn(_ flip: ToldFlip, now: Instant) {}
    package mutating func confirm(_ check: CheckID, _ flip: FlipID, now: Instant) {}
    package mutating func tellMesh(_ news: MeshNews, now: Instant) {}
    package mutating func tellPartial(_ news: PartialNews, now: Instant) {}
    package mutating func dropPartials(_ check: CheckID, now: Instant) {}

    package mutating func receive(claim update: Update, from peer: NodeID, now: Instant)
        -> NoticesIntake
    { .refused }
    package mutating func receive(claimAnswer update: Update, from peer: NodeID, now: Instant)
        -> NoticesIntake
    { .refused }
    package mutating func receive(
        receipt update: Update, keyOf: (NodeID) -> PublicKey?, now: Instant
    ) -> NoticesIntake { .refused }
    package mutating func receive(
        record update: Update, keyOf: (NodeID) -> PublicKey?, now: Instant
    ) -> NoticesIntake { .refused }

    package mutating func handle(_ delivery: Delivery, for token: DeliveryToken, now: Instant) {}
    package mutating func handleStored(_ token: StoreToken, now: Instant) {}
    package mutating func handle(signature: Signature, for token: SigningToken, now: Instant) {}
    package mutating func handleMajority(_ hasMajority: Bool, now: Instant) {}

    package mutating func silence(_ check: CheckID, until: WallTime, actor: String, now: Instant) {}
    package mutating func unsilence(_ check: CheckID, actor: String, now: Instant) {}
    package mutating func acknowledge(_ check: CheckID, actor: String, now: Instant) {}
    package mutating func post(_ message: String, about: CheckID?, actor: String, now: Instant) {}
    package mutating func announce(
        configuration version: UInt64, digest: Bytes16, text: String, actor: String, now: Instant
    ) {}

    package var nextDeadline: Instant? { nil }
    package mutating func handleDeadline(now: Instant) {}
    package mutating func popEffect() -> NoticesEffect? { nil }

    package func dossierHash(of check: CheckID) -> UInt64 { 0 }
    package func dossier(of check: CheckID) -> [Update] { [] }
    package var checksWithDossier: [CheckID] { [] }
    package func dossierHash(of subject: RecordSubject) -> UInt64 { 0 }
    package func dossier(of subject: RecordSubject) -> [Update] { [] }
    package var subjectsWithDossier: [RecordSubject] { [] }
    /// Changes exactly when some dossier does.
    package var dossierRoot: UInt64 { 0 }
    package func views(of check: CheckID) -> [NoticeView] { [] }
}
