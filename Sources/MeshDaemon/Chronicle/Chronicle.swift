import MeshChecks
import MeshConfiguration
import MeshCore
import MeshEngine
import MeshHistory
import MeshMembership
import MeshNotices
import MeshPlatform
import MeshStatus
import MeshVerdicts

/// What has happened, for people: a line in the log, a flip in the history, a notice in the list.
///
/// Bound: `noticesMax` notices of the past; what is on its way is the node's to tell.
final class Chronicle {
    static let noticesMax = 1_000

    private unowned let shell: NodeShell
    private unowned let looks: LookDesk
    private let store: StateStore
    private let log: Log
    private let mesh: MeshID
    private let meshCheck: CheckID
    private let cryptography: any Cryptography
    /// The latest word on each notice, and in which order they were last heard of.
    private var notices: [NoticeID: NoticeView] = [:]
    private var noticeOrder: [NoticeID] = []
    /// The same by check: whoever asks about twenty thousand must not go through all for each.
    private var noticesByCheck: [CheckID: [NoticeID]] = [:]
    /// When each check came into its certified state, and why, as its signers saw it.
    private(set) var standing: [CheckID: FlipFacts] = [:]
    /// What abstentions there were, by reason.
    private(set) var abstentions: [Abstention: Int] = [:]
    private(set) var equivocations = 0
    private(set) var flipCount = 0

    init(
        _ shell: NodeShell, looks: LookDesk, _ store: StateStore, _ log: Log, mesh: MeshID,
        meshCheck: CheckID,
        cryptography: any Cryptography
    ) {
        self.shell = shell
        self.looks = looks
        self.store = store
        self.log = log
        self.mesh = mesh
        self.meshCheck = meshCheck
        self.cryptography = cryptography
    }

    /// What is on its way to people about a check, and what they were told, newest first.
    func notices(of check: CheckID) -> [NoticeView] {
        var views = shell.node.notices(of: check)
        let present = Set(views.map(\.notice.id))
        views += (noticesByCheck[check] ?? []).filter { !present.contains($0) }
            .compactMap { notices[$0] }
        return views.sorted { ($0.at, $0.notice.id) > ($1.at, $1.notice.id) }
    }

    func checkName(_ check: CheckID) -> String {
        if check == meshCheck { return "mesh" }
        return looks.settings(of: check)?.definition.name.text ?? check.description
    }

    // MARK: Members

    func note(_ event: MembershipEvent) {
        switch event {
        case .changed(let node, let former, let state, let generation, _, let author):
            guard state != former || state == .alive else { return }
            let fields: [(String, String)] = [
                ("name", shell.name(of: node)), ("state", state.word),
                ("was", former?.word ?? "unknown"), ("generation", "\(generation)"),
                ("by", shell.name(of: author)), ("id", node.description),
            ]
            state == .dead ? log.warning("member", fields) : log.info("member", fields)
        case .removed(let node): log.info("member forgotten", ("id", node.description))
        case .refuted(let incarnation):
            log.info("refuted a suspicion", ("incarnation", "\(incarnation)"))
        case .nameConflict(let name, let keeper, let loser):
            log.error(
                "two nodes use one name", ("name", name.text), ("keeper", keeper.description),
                ("loser", loser.description))
        case .nameTaken(let name, let by, let from):
            log.warning(
                "a new node has taken a name", ("name", name.text), ("by", by.description),
                ("from", from.description))
        case .collision(let generation, let address):
            log.error(
                "another process runs with a copy of this data directory",
                ("at", address.description), ("generation", "\(generation)"))
        case .datagramsBlocked(let node):
            log.warning("answers over TCP but not over UDP", ("name", shell.name(of: node)))
        case .stalled(let span):
            log.warning("this process was stalled", ("ms", "\(span.milliseconds)"))
        case .synced(let node): log.debug("synced", ("name", shell.name(of: node)))
        }
    }

    // MARK: Checks

    func note(_ event: CheckEvent) {
        switch event {
        case .flipped(let flip, let former, let origin): record(flip, former, origin)
        case .forked(let lost, let won):
            store.recordLost(lost.id)
            log.warning(
                "a check's history was decided twice", ("check", checkName(won.check)),
                ("kept", won.id.description), ("lost", lost.id.description))
            record(won, nil, .received)
        case .confirmed(let flip):
            log.info("a flip was confirmed", ("check", checkName(flip.check)))
        case .provisional(let check, let state):
            log.info(
                "partial view", ("check", checkName(check)), ("state", state?.word ?? "none"))
        case .watched(let check, let isWatched):
            var fields = [("check", checkName(check)), ("watched", "\(isWatched)")]
            if isWatched { return log.info("check", fields) }
            if let lack = shell.node.lack(of: check, now: SystemClock.now) {
                fields.append(("why", lack.words(shell.name(of:))))
            }
            log.warning("check", fields)
        case .equivocated(let node, _, _):
            equivocations += 1
            log.error("a node has signed two different things", ("name", shell.name(of: node)))
        case .abstained(let check, let reason):
            abstentions[reason, default: 0] += 1
            log.debug("abstained", ("check", checkName(check)), ("because", reason.word))
        }
    }

    private func record(_ flip: Flip, _ former: TargetState?, _ origin: CheckEvent.Origin) {
        flipCount += 1
        let name = checkName(flip.check)
        guard let certificate = shell.node.certificate(of: flip.check),
            let record = FlipRecord(
                certificate: certificate, name: name, mesh: mesh, cryptography: cryptography),
            record.id == flip.id
        else { return }
        standing[flip.check] = FlipFacts(
            since: record.since, reason: record.reason, confirmedBy: record.confirmedBy)
        guard origin != .restored else { return }
        store.record(record)
        let fields: [(String, String)] = [
            ("check", name), ("state", flip.state.word), ("was", former?.word ?? "unknown"),
            ("epoch", "\(flip.epoch)"), ("reason", record.reason.text),
            ("by", record.confirmedBy.map { shell.name(of: $0) }.joined(separator: ",")),
        ]
        flip.state == .up ? log.info("flip", fields) : log.warning("flip", fields)
    }

    // MARK: Notices

    func note(_ event: NoticeEvent) {
        switch event {
        case .changed(let view):
            let id = view.notice.id
            if notices.updateValue(view, forKey: id) != nil {
                noticeOrder.removeAll { $0 == id }
            } else {
                noticesByCheck[view.notice.check, default: []].append(id)
            }
            noticeOrder.append(id)
            if noticeOrder.count > Self.noticesMax { forgetNotice(noticeOrder.removeFirst()) }
            tell(of: view)
        case .equivocated(let node, _, _):
            equivocations += 1
            log.error("a node has signed two different things", ("name", shell.name(of: node)))
        case .recorded: break
        case .refused(let bound):
            log.error("too much to tell: something was dropped", ("bound", "\(bound)"))
        }
    }

    private func forgetNotice(_ id: NoticeID) {
        guard let check = notices.removeValue(forKey: id)?.notice.check else { return }
        noticesByCheck[check]?.removeAll { $0 == id }
        if noticesByCheck[check]?.isEmpty == true { noticesByCheck[check] = nil }
    }

    private func tell(of view: NoticeView) {
        let fields: [(String, String)] = [
            ("notice", view.notice.id.description), ("check", checkName(view.notice.check)),
            ("state", view.notice.state.word), ("status", view.status.word ?? "superseded"),
            ("node", view.node.map { shell.name(of: $0) } ?? ""),
        ]
        switch view.status {
        case .failed(let reason):
            log.warning("notice", fields + [("error", reason.text)])
        case .sent, .held: log.info("notice", fields)
        case .pending, .claimed, .superseded: log.debug("notice", fields)
        }
    }
}
