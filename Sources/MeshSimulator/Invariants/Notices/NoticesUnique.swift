import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// One thing to tell has one id, whoever tells it.
package struct NoticesUnique: Invariant {
    package static let name = "notices-unique"
    package static let promise =
        "never two ids for one check, epoch, contact, kind and ordinal (design 7)"

    private struct Subject: Hashable, Sendable {
        var check: Int
        var birth: Birth?
        var epoch: UInt32
        var contact: Int
        var kind: NoticeKind
        var ordinal: UInt32
        /// Partial views are a group's each; the mesh's own are about different things.
        var group: FlipID?
    }

    /// Only looked up.
    private var ids: [Subject: NoticeID] = [:]

    package init() {}

    package var interests: Happening.Kinds { .notices }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .accepted(let number) = happening else { return }
        let acceptance = world.watch.receivers.acceptances[number]
        let notice = acceptance.notice
        // Partial views have an id for each group and state, the mesh's own for each subject.
        guard notice.kind != .mesh, notice.kind != .partial else { return }
        let flip = world.watch.truth.number(of: notice.flip)
            .map { world.watch.truth.flips[$0].flip }
        let subject = Subject(
            check: acceptance.check, birth: flip?.birth, epoch: notice.epoch,
            contact: acceptance.contact, kind: notice.kind, ordinal: notice.ordinal,
            group: world.setup.watch.allowsForks ? notice.flip : nil)
        guard let known = ids[subject] else {
            ids[subject] = notice.id
            return
        }
        guard known != notice.id else { return }
        log.add(
            Self.self, at: world.now,
            "\(world.text(notice)) was accepted before as \(known.description.prefix(6))")
    }
}
