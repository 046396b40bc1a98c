import MeshChecks
import MeshCore
import MeshEngine
import MeshNotices
import MeshVerdicts

@testable import MeshSimulator

/// A stand-in for what nodes decide together: one mind that knows all, and performs the effects of
/// every node. It shows that world, invariants and figures work, whatever the engine does; it
/// knows nothing of cuts, and nobody in it lies.
struct FakeTruth: Outsider {
    private struct Check {
        var flip: Flip?
        var votes: [Int: TargetState] = [:]
        /// What the contact was last told, and what it is being told, since when, by which rank.
        var told = TargetState.up
        var telling: (notice: Notice, since: Instant, rank: Int)?
    }

    private enum News {
        case looked(Int, CheckID, Observation)
        case answered(Int, DeliveryOrder, Delivery)
        case started(Int)
    }

    private enum Token: UInt32 {
        case tick, read
    }

    private var number = 0
    private var checks: [Check] = []
    private var definitions: [CheckDefinition] = []
    private var news: [News] = []
    private var tokens: UInt64 = 0
    private let birth = Birth(at: WallTime(milliseconds: 1), random: 1)

    var interests: Happening.Kinds { [.lives, .looks, .notices] }

    mutating func begin(as number: Int, in world: World) {
        self.number = number
        var table = world.watch.checks
        definitions = table.plan(nil).checks
        checks = definitions.map { _ in Check() }
        world.wakeOutsider(
            number, token: Token.tick.rawValue, after: world.setup.startSpread + .seconds(5))
    }

    mutating func watch(_ happening: Happening, in world: World) {
        switch happening {
        case .looked(let process, let order, let observation):
            news.append(.looked(process, order.check, observation))
        case .answered(let process, let order, let delivery):
            news.append(.answered(process, order, delivery))
        case .started(let process): news.append(.started(process))
        default: return
        }
        world.wakeOutsider(number, token: Token.read.rawValue, after: .zero)
    }

    mutating func wake(token: UInt32, in world: World) {
        switch Token(rawValue: token) {
        case .tick: tick(in: world)
        case .read:
            let news = news
            self.news = []
            for item in news { read(item, in: world) }
        case nil: break
        }
    }

    private mutating func tick(in world: World) {
        for check in checks.indices {
            for owner in owners(of: check, in: world).prefix(definitions[check].rule.confirmations)
            {
                tokens += 1
                let order = LookOrder(
                    token: LookToken(tokens), check: definitions[check].id,
                    definition: definitions[check].definition)
                world.perform(.look(order), of: owner)
            }
            if let telling = checks[check].telling, world.now - telling.since > .seconds(4) {
                send(check, rank: telling.rank + 1, telling.notice, in: world)
            }
        }
        world.wakeOutsider(
            number, token: Token.tick.rawValue, after: world.setup.watch.longestInterval)
    }

    private func owners(of check: Int, in world: World) -> [Int] {
        let places = world.processes.count
        return (0..<places).map { ($0 + check) % places }.filter { world.isRunning($0) }
    }

    private mutating func read(_ news: News, in world: World) {
        switch news {
        case .looked(let process, let id, let observation):
            guard case .saw(let state, _) = observation.outcome,
                let check = world.watch.checks.number(of: id)
            else { return }
            // Whoever changes its mind says so, if it can sign.
            let certified = checks[check].flip?.state
            if state == certified, checks[check].votes[process].map({ $0 != certified }) ?? false,
                world.saboteur.sabotaged(
                    .sign(Self.withdrawal, token: SigningToken(0)), of: process, in: world) == nil
            {
                return
            }
            checks[check].votes[process] = state
            decide(check, by: process, in: world)
        case .answered(_, let order, let delivery):
            guard let check = world.watch.checks.number(of: order.notice.check),
                let telling = checks[check].telling, telling.notice.id == order.notice.id
            else { return }
            guard delivery == .sent else {
                return send(check, rank: telling.rank + 1, order.notice, in: world)
            }
            checks[check].telling = nil
            checks[check].told = order.notice.state
            let view = NoticeView(
                notice: order.notice, status: .sent, node: nil, at: WallTime(milliseconds: 0),
                attempts: 1)
            for place in owners(of: check, in: world) {
                world.perform(.reportNotice(.changed(view)), of: place)
            }
            tell(check, in: world)
        case .started(let process):
            for check in checks {
                guard let flip = check.flip else { continue }
                world.perform(
                    .reportCheck(.flipped(flip, from: nil, origin: .restored)), of: process)
            }
        }
    }

    /// As much of a signed withdrawal as an onlooker reads.
    private static var withdrawal: [UInt8] {
        var writer = ByteWriter()
        writer.writePrefixed(Array(SignatureDomain.stance.rawValue.utf8))
        for _ in 0..<5 { writer.write(Bytes16.zero) }
        writer.writeVarint(1)
        writer.write(Bytes16.zero)
        writer.writeVarint(1)
        writer.writeVarint(1)
        writer.write(0 as UInt8)
        return writer.bytes
    }

    private mutating func decide(_ check: Int, by minter: Int, in world: World) {
        let (definition, former) = (definitions[check], checks[check].flip)
        guard let state = checks[check].votes[minter], state != former?.state else { return }
        let agreeing = checks[check].votes.filter { $0.value == state }.map(\.key)
        let zones = Set(agreeing.map { world.zones[$0] })
        guard
            agreeing.count >= definition.rule.quorum.needed(of: definition.rule.confirmations),
            zones.count >= definition.rule.zonesNeeded(counting: world.setup.zoneCount)
        else { return }
        let genesis = FlipID(
            genesisOf: definition.id, in: world.watch.checks.mesh, birth: birth,
            using: world.cryptography)
        let flip = Flip(
            check: definition.id, definition: definition.definition, birth: birth,
            parent: former?.id ?? genesis, epoch: (former?.epoch ?? 0) + 1, state: state,
            in: world.watch.checks.mesh, using: world.cryptography)
        checks[check].flip = flip
        checks[check].votes = [:]
        let places = [minter] + owners(of: check, in: world).filter { $0 != minter }
        for place in places {
            world.perform(
                .reportCheck(
                    .flipped(
                        flip, from: former?.state, origin: place == minter ? .minted : .received)),
                of: place)
        }
        tell(check, in: world)
    }

    /// Degraded counts as up.
    private mutating func tell(_ check: Int, in world: World) {
        guard let flip = checks[check].flip, checks[check].telling == nil,
            let route = world.watch.checks.route(of: check)
        else { return }
        let isDown = flip.state == .down
        guard isDown != (checks[check].told == .down) else { return }
        let notice = Notice(
            id: NoticeID(
                flip: flip.id, contact: route.route.contact, kind: .flip, ordinal: 0,
                using: world.cryptography),
            incident: IncidentID(of: flip.check, beginning: flip.id, using: world.cryptography),
            kind: .flip, ordinal: 0, check: flip.check, contact: route.route.contact,
            flip: flip.id, epoch: flip.epoch, state: flip.state, previous: checks[check].told,
            since: WallTime(milliseconds: 0), reason: .none, confirmedBy: [], isPartialView: false)
        send(check, rank: 0, notice, in: world)
    }

    private mutating func send(_ check: Int, rank: Int, _ notice: Notice, in world: World) {
        let ranks = owners(of: check, in: world)
        guard !ranks.isEmpty else { return }
        checks[check].telling = (notice, world.now, rank)
        tokens += 1
        world.perform(
            .deliver(DeliveryOrder(token: DeliveryToken(tokens), notice: notice)),
            of: ranks[rank % ranks.count])
    }
}
