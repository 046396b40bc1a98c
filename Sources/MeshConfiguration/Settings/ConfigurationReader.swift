import MeshChecks
package import MeshCore
import MeshEngine
import MeshNotices

/// Reads a whole `mesh.json`: every problem in one go, or a value in which none is left.
package struct ConfigurationReader {
    private let context: ReadingContext
    private let flags: NodeFlags
    private let cryptography: any Cryptography

    /// Throws everything that is wrong with the file, the flags and the environment.
    package static func read(
        _ bytes: [UInt8], flags: NodeFlags = NodeFlags(), from sources: ConfigurationSources,
        using cryptography: any Cryptography
    ) throws(ConfigurationFault) -> LoadedConfiguration {
        let document: JSONDocument
        do throws(JSONParser.SyntaxError) {
            document = try JSONParser.parse(bytes)
        } catch {
            throw ConfigurationFault([Finding("\(error.place)", error.message)])
        }
        guard case .table(let members) = document.root.value else {
            throw ConfigurationFault([
                Finding(
                    "", "expected an object in braces, found \(document.root.value.kindInWords)")
            ])
        }
        let context = ReadingContext(document, sources)
        let root = Section(members, path: "", offset: document.root.offset, in: context)
        let reader = ConfigurationReader(
            context: context, flags: flags, cryptography: cryptography)
        let configuration = reader.read(root)
        guard let configuration, !context.findings.hasProblems else {
            throw ConfigurationFault(
                context.findings.problems, unlistedCount: context.findings.problemsUnlisted)
        }
        return LoadedConfiguration(
            configuration: configuration, warnings: context.findings.warnings,
            warningsUnlisted: context.findings.warningsUnlisted)
    }

    private func read(_ root: Section) -> Configuration? {
        guard !root.has("checkers") else {
            root.complain(
                "checkers",
                "this is Checkup's file, which \"checkmesh check\" runs: a node needs a mesh.json")
            return nil
        }
        let version = root.integer("version", in: 1...Int(Int32.max))
        let mesh = readMesh(root)
        let node = NodeReader(context: context, section: root.section("node"), flags: flags)
            .read(mesh.peers)
        let http = EndpointReader(section: root.section("http")).read(mesh: mesh.settings?.name)
        // Without a mesh the ids mean nothing, but what is wrong with checks is worth telling.
        let id =
            mesh.settings?.id ?? MeshID(named: Self.unnamed, using: cryptography)
        var refused: Set<String> = []
        let entries = readChecks(root, id, &refused)
        let checks = entries.map(\.check)
        let dependencies = DependencyReader(entries: entries, refusedNames: refused).read()
        let contacts = readContacts(root, id, &refused)
        let alerts = AlertReader(
            sections: root.sections("alerts", max: Configuration.alertsMax), checks: checks,
            contacts: contacts, refusedNames: refused
        ).read()
        root.refuse(["storage"])
        root.finish()
        guard let node, let settings = mesh.settings else { return nil }
        return Configuration(
            version: version.map(UInt64.init), node: node, mesh: settings, http: http,
            checks: checks, contacts: contacts,
            plan: WatchPlan(
                checks: checks.map(\.definition), routes: alerts.ofChecks,
                meshRoutes: alerts.ofMesh, dependencies: dependencies,
                contacts: Set(contacts.map(\.id))))
    }

    private static let unnamed: Label = {
        guard let label = Label("unnamed") else { preconditionFailure("expected a label") }
        return label
    }()

    private func readMesh(_ root: Section) -> MeshReader.Result {
        guard let section = root.section("mesh") else {
            if !root.has("mesh") {
                root.complain("mesh", "is missing: it needs a name and a secret")
            }
            return MeshReader.Result(settings: nil, peers: [])
        }
        return MeshReader(
            context: context, section: section, flags: flags, cryptography: cryptography
        ).read()
    }

    private func readChecks(
        _ root: Section, _ mesh: MeshID, _ refused: inout Set<String>
    ) -> [(section: Section, check: CheckSettings)] {
        var defaults = CheckDefaults()
        if let section = root.section("defaults") {
            defaults = CheckDefaults(of: section)
            _ = context.takeRevealed()
            defaults.dnsServer = section.dnsServer("dns_server")
            defaults.secrets = context.takeRevealed()
            defaults.written = section.written
            section.finish()
        }
        var names: [String: String] = [:]
        let sections = root.sections("checks", max: WatchPlan.checksMax)
        // They are kept for as long as the node runs: no room for more than there are.
        var checks: [(section: Section, check: CheckSettings)] = []
        checks.reserveCapacity(sections.count)
        for section in sections {
            let name = section.node("name")?.text
            refuseDuplicate(name, section, &names)
            let check = CheckReader(
                section: section, defaults: defaults, mesh: mesh, cryptography: cryptography
            ).read()
            if check == nil, let name { refused.insert(name) }
            if let check { checks.append((section, check)) }
        }
        return checks
    }

    private func readContacts(
        _ root: Section, _ mesh: MeshID, _ refused: inout Set<String>
    ) -> [Contact] {
        var names: [String: String] = [:]
        return root.sections("contacts", max: Configuration.contactsMax).compactMap { section in
            let name = section.node("name")?.text
            refuseDuplicate(name, section, &names)
            let contact = ContactReader(
                section: section, mesh: mesh, cryptography: cryptography
            ).read()
            if contact == nil, let name { refused.insert(name) }
            return contact
        }
    }

    private func refuseDuplicate(
        _ raw: String?, _ section: Section, _ names: inout [String: String]
    ) {
        // What cannot be expanded is told when it is read.
        guard let raw, let name = try? context.expand(raw) else { return }
        if let first = names[name] {
            section.complain("name", "\"\(name)\" is \(first)'s name already: rename one of them")
        } else {
            names[name] = section.path
        }
    }
}
