import MeshChecks
import MeshCore
import MeshEngine
import MeshNotices
import MeshVerdicts

/// The planted faults of checks and notices: what a node says, or is given, is tampered with on its
/// way between node and world.
extension Saboteur {
    /// The check that single-check sabotage happens to.
    static let victimCheck = 0

    /// A check's rule as sabotage would have nodes believe it.
    static func sabotaged(_ rule: VotingRule, by plant: Sabotage?) -> VotingRule {
        var rule = rule
        if plant == .quorumOfOne { rule.quorum = .count(1) }
        if plant == .quorumOfOne || plant == .oneZoneIsEnough { rule.zonesRequired = 1 }
        return rule
    }

    /// What a place is shown instead of what is.
    func sabotaged(_ observation: Observation, of check: Int) -> Observation? {
        guard check == Self.victimCheck, plant == .falseLooks || plant == .rosyLooks else {
            return nil
        }
        return Observation(
            .saw(plant == .rosyLooks ? .up : .down, .none), latency: observation.latency)
    }

    /// What becomes of an effect about checks and notices; `nil` if nothing.
    func sabotagedTruth(_ effect: NodeEffect, of number: Int, in world: World) -> NodeEffect? {
        switch effect {
        case .look(let order):
            return plant == .blindMesh && world.watch.checks.number(of: order.check) == 0
                ? nil : effect
        case .reportCheck(.flipped(let flip, let state, let origin)):
            if plant == .mintingMinority, origin == .minted, let lonely = lonely(in: world) {
                world.record(.flipped(flip, from: state, origin: .minted), by: lonely)
            }
            guard number == Self.victim else { return effect }
            if plant == .swallowedFlips { return nil }
            guard plant == .secondHistory else { return effect }
            return .reportCheck(.flipped(rewritten(flip, in: world), from: state, origin: origin))
        case .sign(let message, _):
            guard plant == .forgottenWithdrawals else { return effect }
            return StanceBytes(message)?.isWithdrawal ?? false ? nil : effect
        case .deliver(let order):
            return sabotaged(order, by: number, in: world)
        case .send, .openStream, .write, .close, .resolve, .storeGeneration, .store,
            .report, .reportCheck, .reportNotice, .stop:
            return effect
        }
    }

    /// Somebody who runs and cannot reach the majority.
    private func lonely(in world: World) -> Int? {
        world.processes.first {
            world.isRunning($0.number)
                && !world.couldHaveMajority($0.number, within: TruthBounds.sendingGrace)
        }?.number
    }

    private func rewritten(_ flip: Flip, in world: World) -> Flip {
        Flip(
            check: flip.check, definition: flip.definition, birth: flip.birth, parent: flip.parent,
            epoch: flip.epoch, state: flip.state == .up ? .down : .up,
            in: world.watch.checks.mesh, using: world.cryptography)
    }

    private func sabotaged(
        _ order: DeliveryOrder, by number: Int, in world: World
    ) -> NodeEffect? {
        var changed = order
        switch plant {
        case .unsentNotices:
            world.answerWithoutSending(order, by: number)
            return nil
        case .inventedRecovery:
            changed.notice.state = .up
            return .deliver(changed)
        case .secondSender:
            let other = world.processes.first { $0.number != number && world.isRunning($0.number) }
            if let other { world.deliver(order, by: other.number) }
        case .mutedMesh where order.notice.kind == .mesh,
            .endlessPartials where order.notice.kind == .partial && order.notice.ordinal > 0:
            world.answerWithoutSending(order, by: number)
            return nil
        case .stutteringMesh where order.notice.kind == .mesh,
            .renamedNotices:
            changed.notice.id = NoticeID(
                flip: order.notice.flip, contact: order.notice.contact, kind: order.notice.kind,
                ordinal: order.notice.ordinal + 1, using: world.cryptography)
            world.deliver(changed, by: number)
        case .talkativeMinority:
            if let lonely = lonely(in: world) { world.deliver(order, by: lonely) }
        case .frozenEpochs:
            changed.notice.epoch = 2
            return .deliver(changed)
        default: break
        }
        return .deliver(order)
    }
}
