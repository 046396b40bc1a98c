package import MeshChecks
package import MeshCore

/// What people do: silences, acknowledgements, messages, changes of the configuration. And what a
/// node reports of itself.
extension Notices {
    /// Holds back what is to be told of a check until a time on the wall clock.
    package mutating func silence(
        _ check: CheckID, until: WallTime, actor: String, now: Instant
    ) {
        make(
            .silence(check, until: until),
            about: RecordSubject(silenceOf: check, using: cryptography), actor, now: now)
    }

    /// Ends a silence before its time.
    package mutating func unsilence(_ check: CheckID, actor: String, now: Instant) {
        make(
            .unsilence(check), about: RecordSubject(silenceOf: check, using: cryptography), actor,
            now: now)
    }

    /// Somebody has taken the check's present state on. False if nothing is known of the check.
    /// `flip`: what it is in, should nothing be kept of it here.
    @discardableResult
    package mutating func acknowledge(
        _ check: CheckID, at flip: FlipID? = nil, actor: String, now: Instant
    ) -> Bool {
        guard let occasion = stories[.chain(check)]?.place.occasion ?? flip else { return false }
        make(
            .acknowledgement(check, occasion),
            about: RecordSubject(acknowledgementOf: check, using: cryptography), actor, now: now)
        return true
    }

    /// A status message for everybody to see.
    package mutating func post(
        _ message: String, about check: CheckID?, actor: String, now: Instant
    ) {
        let subject = RecordSubject(
            messageOf: id, generation: generation, sequence: lastSequence + 1, using: cryptography)
        make(.message(about: check, RecordText(message)), about: subject, actor, now: now)
    }

    /// The configuration was changed to another version.
    package mutating func announce(
        configuration version: UInt64, digest: Bytes16, text: String, actor: String, now: Instant
    ) {
        make(
            .configuration(version: version, digest: digest, RecordText(text)),
            about: RecordSubject(configurationOf: mesh, using: cryptography), actor, now: now)
    }

    /// What this node has to say of itself has changed.
    package mutating func report(_ report: NodeReport, now: Instant) {
        make(
            .report(report), about: RecordSubject(reportOf: id, using: cryptography), "", now: now)
    }

    /// The latest report of each node that ever made one, in the order of their ids.
    package var reports: [(node: NodeID, report: NodeReport)] {
        records.subjects.compactMap { subject in
            guard let record = records[subject]?.statement,
                case .report(let report) = record.content
            else { return nil }
            return (record.node, report)
        }.sorted { $0.node < $1.node }
    }

    private mutating func make(
        _ content: RecordContent, about subject: RecordSubject, _ actor: String, now: Instant
    ) {
        guard recordDraftsCount < parameters.bounds.signaturesMax else {
            return effects.append(.report(.refused(.signatures)))
        }
        recordDraftsCount += 1
        lastSequence += 1
        let record = Record(
            subject: subject, revision: records.nextRevision(of: subject),
            actor: RecordText(actor, atMost: Record.actorByteCountMax),
            time: wallClock.time(at: now), content: content, key: key, generation: generation,
            sequence: lastSequence, using: cryptography)
        sign(.record(record), now: now)
    }

    /// Another node's record; `isTrusted` as for receipts.
    package mutating func receive(
        record update: Update, isTrusted: (PublicKey) -> Bool, now: Instant
    ) -> NoticesIntake {
        guard let (record, signature) = try? Record.decode(update.body, using: cryptography),
            isOnItsSubject(record), records.isInReach(record)
        else { return .refused }
        let contradicted = records.contradiction(of: record, update.body)
        guard contradicted != nil || records.wants(record) else { return .known }
        guard isTrusted(record.key) else { return .untrusted }
        guard
            cryptography.isValid(signature, over: record.signedBytes(mesh: mesh), by: record.key)
        else { return .refused }
        if let contradicted {
            effects.append(
                .report(.equivocated(record.node, first: contradicted.body, second: update.body)))
            return .known
        }
        absorb(Signed(statement: record, body: update.body), now: now)
        return .new
    }

    /// A silence of one check must not stand under another's subject, where it would push out
    /// what belongs there.
    private func isOnItsSubject(_ record: Record) -> Bool {
        switch record.content {
        case .silence(let check, _), .unsilence(let check):
            record.subject == RecordSubject(silenceOf: check, using: cryptography)
        case .acknowledgement(let check, _):
            record.subject == RecordSubject(acknowledgementOf: check, using: cryptography)
        case .configuration:
            record.subject == RecordSubject(configurationOf: mesh, using: cryptography)
        case .report:
            record.subject == RecordSubject(reportOf: record.node, using: cryptography)
        case .message:
            // Later revisions come with later stamps, maybe of other nodes; the first names it.
            record.revision > 1
                || record.subject
                    == RecordSubject(
                        messageOf: record.node, generation: record.generation,
                        sequence: record.sequence, using: cryptography)
        }
    }

    mutating func absorb(_ signed: Signed<Record>, now: Instant) {
        guard records.wants(signed.statement) else { return }
        let subject = signed.statement.subject
        changedDossiers.insert(subject.bytes)
        if let evicted = records.keep(signed) {
            changedDossiers.insert(evicted.bytes)
            effects.append(.report(.refused(.records)))
            effects.append(
                .store(StoredItem(key: StoredKey.of(evicted), value: nil), token: nil))
        }
        effects.append(
            .store(StoredItem(key: StoredKey.of(subject), value: signed.body), token: nil))
        effects.append(.report(.recorded(signed.statement)))
        switch signed.statement.content {
        case .silence(let check, _), .unsilence(let check):
            for line in openLines[check] ?? [] { advance(line, now: now) }
        case .acknowledgement, .message, .configuration, .report: break
        }
    }

    /// Until when a check is silenced, if it is.
    func silence(of check: CheckID, now: Instant) -> WallTime? {
        records.silence(of: check, at: wallClock.time(at: now), using: cryptography)
    }
}
