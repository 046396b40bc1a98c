package import MeshChecks
package import MeshCore

/// What telling shows: to people, and to other nodes that compare.
extension Notices {
    /// Every notice of a check that is on its way, and the last that each contact was told.
    package func views(of check: CheckID) -> [NoticeView] {
        var views: [NoticeView] = []
        var lines = ledger.lines(of: check)
        lines += (openLines[check] ?? []).filter { !lines.contains($0) }
        for line in lines.sorted() {
            if let told = ledger.lastWord(on: line) {
                views.append(lastTold[line] ?? view(of: told, nil, attempts: 1))
            }
            if let errand = errands[line] {
                views.append(view(of: errand, on: line))
            } else if let failure = ledger.failures(on: line).last {
                views.append(
                    view(of: failure, nil, attempts: ledger.failures(on: line).count))
            }
        }
        return views
    }

    func view(of receipt: Receipt, _ notice: Notice?, attempts: Int) -> NoticeView {
        let told =
            notice
            ?? Notice(
                id: receipt.notice(using: cryptography), incident: receipt.incident,
                kind: receipt.topic.kind, ordinal: receipt.ordinal, check: receipt.check,
                contact: receipt.contact, flip: receipt.occasion,
                epoch: UInt32(clamping: receipt.epoch), state: receipt.state, previous: nil,
                since: receipt.time, reason: .none, confirmedBy: [],
                isPartialView: receipt.topic.kind == .partial, subject: receipt.topic.subject)
        let status: NoticeStatus =
            switch receipt.outcome {
            case .sent: .sent
            case .failed(let reason): .failed(reason)
            }
        return NoticeView(
            notice: told, status: status, node: receipt.node, at: receipt.time, attempts: attempts)
    }

    private func view(of errand: Errand, on line: Line) -> NoticeView {
        let shown =
            errand.reported ?? .init(status: .pending, node: nil, at: .init(milliseconds: 0))
        return NoticeView(
            notice: errand.notice, status: shown.status, node: shown.node, at: shown.at,
            attempts: errand.attempts)
    }

    /// Reports an errand's status if it is not what was reported last.
    mutating func reportChange(of errand: inout Errand, on line: Line, now: Instant) {
        let (status, node) = status(of: errand, on: line, now: now)
        if let reported = errand.reported, reported.status == status, reported.node == node {
            return
        }
        let at = wallClock.time(at: now)
        errand.reported = .init(status: status, node: node, at: at)
        effects.append(
            .report(
                .changed(
                    NoticeView(
                        notice: errand.notice, status: status, node: node, at: at,
                        attempts: errand.attempts))))
    }

    private func status(
        of errand: Errand, on line: Line, now: Instant
    ) -> (NoticeStatus, NodeID?) {
        if let hold = errand.hold { return (.held(hold), nil) }
        switch errand.phase {
        case .storing, .claiming, .sending, .signing(.sent, _): return (.claimed, id)
        case .signing(.failed(let reason), _): return (.failed(reason), id)
        case .waiting, .mustering:
            if let held = claims.best(on: line, at: now), held.claim.place == errand.place {
                return (.claimed, held.node)
            }
            guard let failure = errand.failure else { return (.pending, nil) }
            return (.failed(failure.reason), failure.node)
        }
    }

    // MARK: What is compared and exchanged

    /// Changes exactly when `dossier(of:)` does; 0 where there is none. Claims never count.
    package func dossierHash(of check: CheckID) -> UInt64 { ledger.hash(of: check) }

    /// The receipts that matter, under the check's id; those about the mesh are under `mesh`'s.
    package func dossier(of check: CheckID) -> [Update] {
        ledger.bodies(of: check).map { Update(kind: UpdateKind.receipt, body: $0) }
    }

    /// Ascending.
    package var checksWithDossier: [CheckID] { ledger.checks }

    package func dossierHash(of subject: RecordSubject) -> UInt64 { records.hash(of: subject) }

    package func dossier(of subject: RecordSubject) -> [Update] {
        records[subject].map { [Update(kind: UpdateKind.record, body: $0.body)] } ?? []
    }

    /// Ascending.
    package var subjectsWithDossier: [RecordSubject] { records.subjects }

    /// Keys of dossiers that may have changed since the last call, with their hashes, ascending.
    package mutating func takeChangedDossiers() -> [(key: Bytes16, hash: UInt64)] {
        guard !changedDossiers.isEmpty else { return [] }
        defer { changedDossiers = [] }
        return changedDossiers.sorted().map { key in
            let hash = dossierHash(of: CheckID(key)) ^ dossierHash(of: RecordSubject(key))
            return (key, hash)
        }
    }

    /// Bytes held for notices: what there is to tell, errands, receipts and records.
    package var storageByteCount: Int {
        stories.capacity * (MemoryLayout<Topic>.stride + MemoryLayout<News>.stride)
            + stories.values.reduce(0) { $0 + 16 * ($1.ladder.nodes.count + $1.confirmedBy.count) }
            + errands.count * (MemoryLayout<Line>.stride + MemoryLayout<Errand>.stride + 128)
            + lastTold.count * (MemoryLayout<Line>.stride + MemoryLayout<NoticeView>.stride)
            + ledger.storageByteCount + records.storageByteCount
    }

    /// Changes exactly when some dossier does.
    package var dossierRoot: UInt64 { ledger.root ^ records.root }
    /// The record that counts for a subject.
    package func record(of subject: RecordSubject) -> Record? { records[subject]?.statement }
    /// Of which check somebody was told what: the highest sent receipt of a contact.
    package func told(_ contact: ContactID, of check: CheckID) -> Receipt? {
        ledger.told(on: Line(topic: .chain(check), contact: contact))
    }
}
