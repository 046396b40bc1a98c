import MeshChecks
import MeshConfiguration
import MeshCore
import MeshEngine
import MeshHTTPClient
import MeshMembership
import MeshNotices
import MeshNotifiers
import MeshPlatform

/// Tells people what the node wants told: finds the contact, puts names to ids, answers how it
/// went.
///
/// Another kind of contact is one case in `notifier(for:)`.
final class TellingDesk {
    private let client: HTTPClient
    private unowned let shell: NodeShell
    private unowned let looks: LookDesk
    private var contacts: [ContactID: (contact: Contact, notifier: any Notifier)] = [:]
    private var names: [ContactID: CheckName] = [:]
    private var mesh = ""
    private var node = ""
    private var publicURL: String?
    private let meshCheck: CheckID

    init(_ shell: NodeShell, looks: LookDesk, _ client: HTTPClient, meshCheck: CheckID) {
        self.shell = shell
        self.looks = looks
        self.client = client
        self.meshCheck = meshCheck
    }

    func name(of contact: ContactID) -> String? { contacts[contact]?.contact.name.text }

    /// Whom it can tell from now on. A contact that is as it was keeps what is under way to it;
    /// what is under way to one that is gone is answered as failed.
    func set(_ configuration: Configuration) {
        mesh = configuration.mesh.name.text
        node = configuration.node.name.text
        publicURL = configuration.http.publicURL?.text
        var next: [ContactID: (contact: Contact, notifier: any Notifier)] = [:]
        for contact in configuration.contacts {
            if let held = contacts[contact.id], held.contact == contact {
                next[contact.id] = held
            } else {
                next[contact.id] = (contact, notifier(for: contact))
            }
        }
        // One that was replaced or dropped finishes what it has begun: its request may have left.
        contacts = next
    }

    private func notifier(for contact: Contact) -> any Notifier {
        switch contact.kind {
        case .webhook(let url): WebhookNotifier(to: url, through: client)
        }
    }

    func deliver(_ order: DeliveryOrder) {
        guard let (_, notifier) = contacts[order.notice.contact] else {
            return answer(.failed(Reason("no such contact at \(node)")), to: order)
        }
        // Held by its own completion: a reload in between must not take the answer away.
        notifier.deliver(message(order.notice)) { [unowned self, notifier] delivery in
            withExtendedLifetime(notifier) { self.answer(delivery, to: order) }
        }
    }

    private func answer(_ delivery: Delivery, to order: DeliveryOrder) {
        shell.tell { node, now in node.handle(delivery, for: order.token, now: now) }
    }

    /// A notice in words.
    private func message(_ notice: Notice) -> NoticeMessage {
        let settings = looks.settings(of: notice.check)
        let isAboutMesh = notice.check == meshCheck
        return NoticeMessage(
            id: notice.id, incident: notice.incident, kind: notice.kind, mesh: mesh,
            check: isAboutMesh
                ? "mesh" : settings?.definition.name.text ?? notice.check.description,
            type: isAboutMesh ? "mesh" : settings?.kind.type ?? "",
            target: isAboutMesh ? mesh : settings?.kind.target ?? "", state: notice.state,
            previous: notice.previous, since: notice.since, reason: notice.reason.text,
            epoch: notice.epoch, flip: notice.flip,
            confirmedBy: notice.confirmedBy.map { shell.name(of: $0) }, sentBy: node,
            isPartialView: notice.isPartialView, url: publicURL)
    }
}

extension NodeShell {
    /// A member's name; of one that is forgotten, its id.
    func name(of id: NodeID) -> String { node.member(id)?.name.text ?? id.description }
}
