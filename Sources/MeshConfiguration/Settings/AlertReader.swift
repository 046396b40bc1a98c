import MeshChecks
import MeshNotices

/// Reads `alerts` into the routes of each check, globs resolved.
struct AlertReader {
    let sections: [Section]
    let checks: [CheckSettings]
    let contacts: [Contact]
    /// Entries that were refused: what an alert says of them is no second problem.
    let refusedNames: Set<String>

    struct Routes {
        var ofChecks: [CheckID: [Route]] = [:]
        var ofMesh: [Route] = []
    }

    private static let ons: [String: Route.Wanted] = [
        "offline": .offline, "online": .online, "both": .both,
    ]

    func read() -> Routes {
        let checksByName = Dictionary(
            checks.map { ($0.definition.name.text, $0.definition.id) },
            uniquingKeysWith: { a, _ in a })
        let contactsByName = Dictionary(
            contacts.map { ($0.name.text, $0) }, uniquingKeysWith: { a, _ in a })
        let names = checks.map { Array($0.definition.name.text.utf8) }
        var routes = Routes()
        var globs = 0
        for section in sections {
            let route = route(section, contactsByName)
            let isEnabled = section.flag("enabled") ?? true
            let text = section.required("check", "write a check's name, or \"*\" for all of them") {
                text throws(Complaint) in text
            }
            section.finish()
            guard let text else { continue }
            let glob = Glob(text)
            let matched: [CheckID]
            if let exact = checksByName[text] {
                matched = [exact]
            } else if text == CheckReader.reservedName {
                if let route, isEnabled { routes.ofMesh.append(route) }
                continue
            } else if glob.isPattern {
                globs += 1
                guard globs <= Configuration.globsMax else {
                    section.complain(
                        "check",
                        "more than \(Configuration.globsMax) alerts have a \"*\" or a \"?\"")
                    break
                }
                matched = checks.indices.filter { glob.matches(utf8: names[$0]) }
                    .map { checks[$0].definition.id }
                if matched.isEmpty { section.warn("check", "\"\(text)\" matches no check") }
            } else {
                complainOfCheck(text, section, checksByName)
                continue
            }
            guard let route, isEnabled else { continue }
            for check in matched { routes.ofChecks[check, default: []].append(route) }
        }
        return routes
    }

    private func route(_ section: Section, _ contacts: [String: Contact]) -> Route? {
        // Of one that was refused nothing more is said: `.some(nil)`.
        let contact: Contact?? = section.required("contact", "write a contact's name") {
            text throws(Complaint) -> Contact? in
            if let contact = contacts[text] { return contact }
            guard !refusedNames.contains(text) else { return nil }
            throw Complaint(Self.unknown("contact", text, contacts.keys.sorted()))
        }
        let on = section.value("on") { text throws(Complaint) in
            guard let on = Self.ons[text] else {
                throw Complaint("\"\(text)\" is none of \"offline\", \"online\" and \"both\"")
            }
            return on
        }
        let tellsDegraded = section.flag("degraded") ?? false
        guard let contact, let contact else { return nil }
        return Route(contact: contact.id, on: on ?? .both, tellsDegraded: tellsDegraded)
    }

    private func complainOfCheck(
        _ text: String, _ section: Section, _ checks: [String: CheckID]
    ) {
        guard !refusedNames.contains(text) else { return }
        section.complain("check", Self.unknown("check", text, checks.keys.sorted()))
    }

    private static func unknown(_ what: String, _ text: String, _ names: [String]) -> String {
        guard let nearest = NearestWord.to(text, among: names) else {
            let other = names.isEmpty ? ", nor any other" : ""
            return "there is no \(what) \"\(text)\"\(other)"
        }
        return "there is no \(what) \"\(text)\": the nearest name is \"\(nearest)\""
    }
}
