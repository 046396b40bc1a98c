package import MeshChecks
package import MeshCore

/// What there is to look at once, whichever file says it: the checks of a `mesh.json`, or those of a
/// Checkup's `checkup.json`.
package struct CheckList: Sendable {
    package struct Entry: Sendable {
        package var name: String
        package var kind: CheckKind
        package var tags: [String] = []
        package var isEnabled = true

        package init(name: String, kind: CheckKind) {
            self.name = name
            self.kind = kind
        }
    }

    package var entries: [Entry]
    /// Looks at a time, as the file wants it; `nil`: it says nothing.
    package var concurrency: Int?
    /// What every result is dated with in place of its own time.
    package var timestamp: WallTime?
    /// Whether it is Checkup's.
    package var isOfCheckup = false
    package var warnings: [Finding] = []
    package var warningsUnlisted = 0
}

extension CheckList {
    /// Throws everything that is wrong with the file.
    package static func read(
        _ bytes: [UInt8], flags: NodeFlags = NodeFlags(), from sources: ConfigurationSources,
        using cryptography: any Cryptography
    ) throws(ConfigurationFault) -> CheckList {
        guard let document = try? JSONParser.parse(bytes),
            case .table(let members) = document.root.value,
            CheckupReader.recognizes(document.root)
        else {
            let loaded = try ConfigurationReader.read(
                bytes, flags: flags, from: sources, using: cryptography)
            return CheckList(loaded)
        }
        let context = ReadingContext(document, sources)
        let root = CheckupSection(members, path: "", offset: document.root.offset, in: context)
        var list = CheckupReader(context: context).read(root)
        let findings = context.findings
        guard !findings.hasProblems else {
            var fault = ConfigurationFault(
                findings.problems, unlistedCount: findings.problemsUnlisted)
            fault.isOfCheckup = true
            throw fault
        }
        list.warnings = findings.warnings
        list.warningsUnlisted = findings.warningsUnlisted
        return list
    }

    private init(_ loaded: LoadedConfiguration) {
        entries = loaded.configuration.checks.map { check in
            var entry = Entry(name: check.definition.name.text, kind: check.kind)
            entry.tags = check.tags
            entry.isEnabled = check.definition.isEnabled
            return entry
        }
        warnings = loaded.warnings
        warningsUnlisted = loaded.warningsUnlisted
    }
}
