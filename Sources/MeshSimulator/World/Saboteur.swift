import MeshCore
import MeshEngine
import MeshMembership

/// Carries out one planted fault at the seam between the nodes and the world. Without one, every
/// question here is answered no.
struct Saboteur: Sendable {
    let plant: Sabotage?
    /// A node as it was, to be set back to.
    private var savedNode: Node?
    private var savedLife = 0

    /// The place that single-place sabotage happens at.
    static let victim = 1
    private static let saveSecond = 20
    private static let rewindSecond = 60

    init(_ plant: Sabotage?) { self.plant = plant }

    var cryptography: FakeCryptography {
        var cryptography = FakeCryptography()
        cryptography.acceptsAnySeal = plant == .anySeal
        return cryptography
    }

    var diskLies: Bool { plant == .lyingDisk }
    var ignoresDeadlines: Bool { plant == .ignoredDeadlines }

    /// A thief's statements are none that the key's owner made.
    func hidesSignatures(of number: Int, in world: World) -> Bool {
        plant == .stolenKey && number >= world.setup.startingCount
    }

    func isDeaf(_ number: Int, in world: World) -> Bool {
        plant == .deafProcess && number == Self.victim && world.counts.seconds >= Self.saveSecond
    }

    /// Parameters as sabotage would have them; invariants go on believing the true ones.
    static func sabotaged(
        _ parameters: MembershipParameters, by plant: Sabotage?
    ) -> MembershipParameters {
        var parameters = parameters
        switch plant {
        case .endlessSuspicion:
            parameters.suspicionMultiplier *= 100
        case .hastySuspicion:
            parameters.suspicionMultiplier = 0
            parameters.pingTimeoutMin = .milliseconds(1)
            parameters.pingTimeoutMax = .milliseconds(1)
            parameters.lifeguard = []
        case .endlessGossip:
            parameters.retransmitMultiplier = 1_000
        case .shortMemory:
            parameters.retention = .minutes(1)
        case .endlessMemory:
            parameters.retention = .hours(10_000)
        case .deafProcess, .rewoundViews, .rewoundCounter, .stolenKey, .forgottenReplays, .anySeal,
            .paddedDatagrams, .sharedNames, .stubbornClone, .bothClonesStop, .swallowedGoodbye,
            .paddedReplies, .redirectedReplies, .ignoredDeadlines, .lyingDisk, .stammer,
            .quorumOfOne, .falseLooks, .secondHistory, .swallowedFlips, .forgottenWithdrawals,
            .blindMesh, .secondSender, .renamedNotices, .unsentNotices, .inventedRecovery,
            .stutteringMesh, .mutedMesh,
            .endlessPartials, .talkativeMinority, .mintingMinority, .oneZoneIsEnough, .rosyLooks,
            .frozenEpochs, nil:
            break
        }
        return parameters
    }

    /// What becomes of an effect; `nil` if nothing.
    func sabotaged(_ effect: NodeEffect, of number: Int, in world: World) -> NodeEffect? {
        switch plant {
        case nil: return effect
        case .paddedDatagrams:
            guard case .send(let bytes, let to) = effect, bytes.count > 300 else { return effect }
            return .send(bytes + [UInt8](repeating: 0, count: 1_000), to: to)
        case .stubbornClone:
            guard case .stop(.clone) = effect else { return effect }
            return nil
        case .bothClonesStop:
            guard case .stop(.clone) = effect else { return effect }
            for other in world.processes.indices
            where other != number && world.isRunning(other)
                && world.processes[other].identity == world.processes[number].identity
            {
                world.end(
                    other, .stopped(.clone(world.processes[number].address)), hostAnswers: true)
            }
            return effect
        case .swallowedGoodbye:
            guard world.processes[number].isLeaving else { return effect }
            switch effect {
            case .send, .write, .openStream: return nil
            case .close, .sign, .resolve, .storeGeneration, .store, .look, .deliver, .report,
                .reportCheck, .reportNotice, .stop:
                return effect
            }
        case .paddedReplies:
            guard case .send(let bytes, let to) = effect, Self.isAck(bytes) else { return effect }
            return .send(bytes + [UInt8](repeating: 0, count: 100), to: to)
        case .stammer:
            if case .send(let bytes, let to) = effect, number == Self.victim {
                for _ in 1..<60 { world.transmit(bytes, from: number, to: to) }
            }
            return effect
        case .redirectedReplies:
            guard case .send(let bytes, _) = effect, Self.isAck(bytes) else { return effect }
            return .send(bytes, to: AddressPlan.address(ofProcess: 0))
        case .endlessSuspicion, .hastySuspicion, .deafProcess, .rewoundViews, .rewoundCounter,
            .stolenKey, .forgottenReplays, .anySeal, .endlessGossip, .sharedNames, .shortMemory,
            .endlessMemory, .ignoredDeadlines, .lyingDisk, .quorumOfOne, .oneZoneIsEnough,
            .falseLooks, .rosyLooks:
            return effect
        case .secondHistory, .swallowedFlips, .forgottenWithdrawals, .blindMesh, .secondSender,
            .renamedNotices, .unsentNotices, .inventedRecovery, .stutteringMesh, .mutedMesh,
            .endlessPartials, .frozenEpochs, .talkativeMinority,
            .mintingMinority:
            return sabotagedTruth(effect, of: number, in: world)
        }
    }

    /// The member list as a node whose names were shared would show it.
    func sabotaged(_ members: [MemberView]) -> [MemberView] {
        guard plant == .sharedNames else { return members }
        return members.map { member in
            var member = member
            member.counts = true
            return member
        }
    }

    /// Keeps a node as it is before it handles a datagram, and brings that node back for the
    /// second copy.
    mutating func prepareDelivery(
        _ provenance: Happening.Provenance, to number: Int, in world: World
    ) {
        guard plant == .forgottenReplays, number == Self.victim else { return }
        switch provenance {
        case .genuine:
            savedNode = world.processes[number].node
            savedLife = world.processes[number].life
        case .repeated:
            if let savedNode, savedLife == world.processes[number].life {
                world.processes[number].node = savedNode
            }
        case .redirected, .forged: break
        }
    }

    /// Sets the victim back to what it was a minute ago.
    mutating func passSecond(in world: World) {
        guard plant == .rewoundViews || plant == .rewoundCounter else { return }
        if world.counts.seconds == Self.saveSecond {
            savedNode = world.processes[Self.victim].node
        } else if world.counts.seconds == Self.rewindSecond, let savedNode {
            world.processes[Self.victim].node = savedNode
            world.rearm(Self.victim)
        }
    }

    private static func isAck(_ datagram: [UInt8]) -> Bool {
        guard case .ack = DatagramHeader.contents(of: datagram)?.message else { return false }
        return true
    }
}
