import MeshChecks
import MeshCore
import MeshVerdicts

/// A check's history is one chain: each epoch has one flip, its parent is the flip before, its id
/// says so.
///
/// Two minters can differ only about somebody whom both counted: who signed one state, and another a
/// moment later, which only one of them had heard. Such a fork is within the design (6), and the
/// truth agreement judges that it ends; any other is a fault.
package struct EpochsUnique: Invariant {
    package static let name = "epochs-unique"
    package static let promise =
        "a check and a birth have one flip per epoch, each the child of the one before (design 6)"

    private struct Place: Hashable, Sendable {
        var check: Int
        var birth: Birth
        var epoch: UInt32
    }

    /// Which flip stands there. Only looked up.
    private var flips: [Place: Int] = [:]

    package init() {}

    package var interests: Happening.Kinds { .checks }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .flipped(let process, let number, let former, _, let origin) = happening else {
            return
        }
        let entry = world.watch.truth.flips[number]
        if origin == .minted {
            judgeStep(to: entry, from: former, by: process, in: world, log: &log)
        }
        let place = Place(check: entry.check, birth: entry.flip.birth, epoch: entry.flip.epoch)
        guard let other = flips[place] else {
            flips[place] = number
            return judgeFlip(entry, in: world, log: &log)
        }
        guard other != number, !world.setup.watch.allowsForks else { return }
        // Told once for each pair.
        flips[place] = number
        guard !isChangeOfMind(entry, world.watch.truth.flips[other], in: world) else { return }
        let first = world.watch.truth.flips[other].flip
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) holds \(world.text(entry.flip)), where "
                + "\(world.text(first)) stands")
    }

    /// How long a word may take to replace the one before it: it is mailed until it is received.
    private static let mailSpan = TimeSpan.seconds(10)

    /// Whether somebody has truly seen what either flip says, one after the other.
    private func isChangeOfMind(
        _ one: TruthBook.Entry, _ other: TruthBook.Entry, in world: World
    ) -> Bool {
        let apart =
            max(one.firstHeldAt, other.firstHeldAt) - min(one.firstHeldAt, other.firstHeldAt)
        guard one.flip.parent == other.flip.parent, apart <= Self.mailSpan else { return false }
        let since =
            world.watch.truth.number(of: one.flip.parent)
            .map { world.watch.truth.flips[$0].firstHeldAt } ?? .zero
        return world.watch.sights.sights(of: one.check).contains {
            $0.lastSaw(one.flip.state) >= since && $0.lastSaw(other.flip.state) >= since
        }
    }

    private func judgeStep(
        to entry: TruthBook.Entry, from former: Int?, by process: Int, in world: World,
        log: inout ViolationLog
    ) {
        let before = former.map { world.watch.truth.flips[$0].flip }
        let epoch = before.flatMap { $0.birth == entry.flip.birth ? $0.epoch : nil } ?? 0
        let fits =
            entry.flip.epoch == epoch + 1 && (epoch == 0 || before?.id == entry.flip.parent)
        guard !fits else { return }
        let held = before.map { world.text($0) } ?? "nothing"
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) minted \(world.text(entry.flip)) upon \(held)")
    }

    private func judgeFlip(
        _ entry: TruthBook.Entry, in world: World, log: inout ViolationLog
    ) {
        let flip = entry.flip
        let honest = Flip(
            check: flip.check, definition: flip.definition, birth: flip.birth, parent: flip.parent,
            epoch: flip.epoch, state: flip.state, in: world.watch.checks.mesh,
            using: world.cryptography)
        let genesis = FlipID(
            genesisOf: flip.check, in: world.watch.checks.mesh, birth: flip.birth,
            using: world.cryptography)
        let parent = world.watch.truth.number(of: flip.parent)
            .map { world.watch.truth.flips[$0].flip }
        let parentFits =
            flip.epoch == 1
            ? flip.parent == genesis
            : parent.map { $0.epoch == flip.epoch - 1 && $0.check == flip.check } ?? true
        if honest.id != flip.id || !parentFits {
            log.add(
                Self.self, at: world.now, "\(world.text(flip)) does not follow from its parent")
        }
    }
}
