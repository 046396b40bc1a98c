import MeshChecks
import MeshCore
import MeshEngine
import MeshMembership
import MeshNotices
import MeshVerdicts

/// The last step in words, for whoever looks into a failing seed.
extension World {
    package var story: [String] {
        happenings.compactMap { happening in
            switch happening {
            case .started(let process):
                "\(now.seconds) \(title(process)) starts as generation "
                    + "\(processes[process].startGeneration)"
            case .ended(let process, let ending): "\(now.seconds) \(title(process)) \(ending)"
            case .paused(let process): "\(now.seconds) \(title(process)) is paused"
            case .resumed(let process): "\(now.seconds) \(title(process)) is resumed"
            case .reported(let process, let event, _):
                "\(now.seconds) \(title(process)): \(text(event))"
            case .checkReported(let process, let event):
                "\(now.seconds) \(title(process)): \(text(event))\(signers(event, at: process))"
            case .ordered(let process, let order):
                "\(now.seconds) \(title(process)) sends \(text(order.notice))"
            case .accepted(let number): text(watch.receivers.acceptances[number])
            case .answered(let process, let order, let delivery):
                "\(now.seconds) \(title(process)): \(order.notice.id.description.prefix(6)) \(delivery)"
            case .noticeReported(let process, .changed(let view)):
                "\(now.seconds) \(title(process)): \(view.notice.id.description.prefix(6)) is "
                    + "\(view.status) by \(view.node.map { name(of: $0) } ?? "nobody")"
            case .noticeReported(let process, let event):
                "\(now.seconds) \(title(process)): \(event)"
            case .sent, .delivered, .deadlineHandled, .looked, .flipped: nil
            }
        }
    }

    /// The faults to come, in the order of their times.
    package var foretold: [String] {
        setup.plan.entries.sorted { $0.at < $1.at }.map { entry in
            "\((Instant.zero + entry.at).seconds) fault: \(entry.fault)"
        }
    }

    private func signers(_ event: CheckEvent, at process: Int) -> String {
        guard case .flipped(let flip, _, .minted) = event,
            let body = processes[process].node?.certificate(of: flip.check),
            let certificate = try? Certificate.decode(
                ByteReader(body), mesh: MeshID(named: mesh, using: cryptography),
                cryptography: cryptography)
        else { return "" }
        return ", by "
            + certificate.supporters.map { supporter in
                "\(name(of: supporter.node)) \(supporter.entry.stance) x\(supporter.entry.streak)"
            }.joined(separator: ", ")
    }

    private func title(_ process: Int) -> String {
        "\(processes[process].name)/\(identities.all[processes[process].identity].id.description.prefix(4))"
    }

    private func text(_ event: MembershipEvent) -> String {
        switch event {
        case .changed(let subject, let from, let to, let generation, let incarnation, let author):
            let former = from.map { "\($0)" } ?? "unknown"
            return "\(name(of: subject)) \(former) -> \(to)(\(generation).\(incarnation)), says "
                + name(of: author)
        case .removed(let subject): return "drops \(name(of: subject))"
        case .refuted(let incarnation): return "refutes with \(incarnation)"
        case .nameConflict(let name, let keeper, let loser):
            return "\(name) is kept by \(keeper), not \(loser)"
        case .nameTaken(let name, let by, let former):
            return "\(name) is taken by \(by) from \(former)"
        case .collision(let generation, let address):
            return "own key heard with generation \(generation) at \(address)"
        case .datagramsBlocked(let subject): return "\(name(of: subject)) answers over TCP only"
        case .stalled(let span): return "was stalled for \(span.milliseconds) ms"
        case .synced(let subject): return "synced with \(name(of: subject))"
        }
    }

    /// For people: what a node is called, and the beginning of its id: names may be shared.
    func name(of id: NodeID) -> String {
        guard let number = identities.number(of: id) else { return id.description }
        return "\(identities.all[number].name)/\(id.description.prefix(4))"
    }
}
