package import MeshChecks
package import MeshCore

/// What is told of the mesh itself: notices of the built-in check `mesh`. They need no quorum of
/// signers and say whose view they are. What only the majority decides, a side that has lost it since
/// keeps to itself: there the others have it from now on, and may have told its end.
extension Notices {
    /// Something about the mesh itself. A lower revision than one that is known is ignored.
    package mutating func tellMesh(_ subject: MeshNews, now: Instant) {
        let topic = Topic.mesh(subject: subject.subject)
        let known = stories[topic]
        let occasion = FlipID(
            meshSubject: subject.subject, revision: subject.revision, in: mesh,
            using: cryptography)
        let place = Place(
            birth: Birth(.zero), epoch: subject.revision, ordinal: 0, state: subject.state,
            occasion: occasion)
        if let known {
            guard place >= known.place else { return }
        } else {
            guard meshTopicsCount < parameters.bounds.meshTopicsMax else {
                return effects.append(.report(.refused(.topics)))
            }
            meshTopicsCount += 1
        }
        let before = known.map { $0.place == place ? $0.previous : $0.state } ?? nil
        let told = ledger.lines(of: meshCheck).first { $0.topic == topic }
            .flatMap { ledger.told(on: $0) }
        let isNewIncident = subject.state != .up && (before ?? told?.state ?? .up) == .up
        let beginning = subject.first.map {
            FlipID(
                meshSubject: subject.subject, revision: $0, in: mesh, using: cryptography)
        }
        let begun = IncidentID(
            of: meshCheck, beginning: beginning ?? occasion, using: cryptography)
        var news = News(
            check: meshCheck, place: place, previous: before ?? told?.state,
            since: subject.since, reason: subject.reason, confirmedBy: subject.group,
            ladder: Ladder(subject.ladder, ownerCount: subject.ladder.count),
            incident: isNewIncident ? begun : known?.incident ?? told?.incident ?? begun)
        if let known, known.place == place { news.incident = known.incident }
        news.needsMajority = MeshSubject(subject.subject).isDecidedByMajority
        news.isForAll = subject.isLostQuorum
        news.first = subject.first
        stories[topic] = news
        reconsider(topic, now: now)
    }

    // MARK: What was told

    /// A subject as some contact was last told of it.
    package struct ToldSubject: Sendable, Hashable {
        package var subject: MeshSubject
        /// Who has told.
        package var node: NodeID

        package init(subject: MeshSubject, node: NodeID) {
            self.subject = subject
            self.node = node
        }
    }

    /// Subjects of which some contact believes that something is wrong, or may believe it: somebody
    /// has tried to tell it, and what failed may have arrived with its answer lost. Ascending; each
    /// once for every node that has told of it.
    package var troublesTold: [ToldSubject] {
        var found: [ToldSubject] = []
        for line in ledger.lines(of: meshCheck) {
            guard let subject = line.topic.subject else { continue }
            let receipts = [ledger.lastWord(on: line)].compactMap { $0 } + ledger.failures(on: line)
            for receipt in receipts where receipt.state != .up {
                let entry = ToldSubject(subject: subject, node: receipt.node)
                if !found.contains(entry) { found.append(entry) }
            }
        }
        return found
    }

    /// The highest revision of a subject that is known here, from whatever source, and its state.
    package func meshRevision(
        of subject: MeshSubject
    ) -> (revision: UInt64, state: TargetState)? {
        let topic = Topic.mesh(subject: subject.bytes)
        var highest = stories[topic]?.place
        for line in ledger.lines(of: meshCheck) where line.topic == topic {
            for place in [ledger.told(on: line)?.place, ledger.failures(on: line).first?.place] {
                guard let place else { continue }
                highest = highest.map { max($0, place) } ?? place
            }
        }
        return highest.map { ($0.epoch, $0.state) }
    }

    /// Whether some contact was told that a subject is wrong after it was told that it is over, by
    /// another side of a cut, and nothing has been decided since: its end needs a name of its own.
    package func needsAnotherEnd(of subject: MeshSubject) -> Bool {
        guard let known = meshRevision(of: subject), known.state == .up else { return false }
        return ledger.lines(of: meshCheck).contains { line in
            guard line.topic == .mesh(subject: subject.bytes), let told = ledger.told(on: line),
                told.epoch == known.revision, let last = ledger.lastWord(on: line)
            else { return false }
            return last.state != .up
        }
    }
}
