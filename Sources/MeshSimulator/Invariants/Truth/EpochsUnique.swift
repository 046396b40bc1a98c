import MeshChecks
import MeshCore
import MeshVerdicts

/// A check's history is one chain: each epoch has one flip, its parent is the flip before, its id
/// says so.
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
        let first = world.watch.truth.flips[other].flip
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) holds \(world.text(entry.flip)), where "
                + "\(world.text(first)) stands")
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
