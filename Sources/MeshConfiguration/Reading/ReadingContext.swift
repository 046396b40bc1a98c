import MeshChecks
package import MeshCore

/// What a configuration is read with besides its own text. A value, so that a test is a machine of
/// its own: the loader fills it with this one's.
package struct ConfigurationSources {
    /// A variable of the environment; `nil` if it is not set.
    package var variable: (_ name: String) -> String?
    /// Reads a file of at most so many bytes.
    package var readFile: (_ path: String, _ byteCountMax: Int) throws(FileFault) -> FileContents
    /// Paths in the file are relative to it; empty is the working directory.
    package var folder: String
    package var hostName: String?
    /// From which address this machine would send to another; `nil` if it cannot. Asked only where
    /// the bind address does not say.
    package var sourceAddress: (_ peer: SocketAddress?, _ isIPv4: Bool) -> SocketAddress?
    /// Whether there is a program that may be run.
    package var isProgram: (_ path: String) -> Bool

    package init(
        variable: @escaping (String) -> String? = { _ in nil }, folder: String = "",
        hostName: String? = nil,
        readFile: @escaping (String, Int) throws(FileFault) -> FileContents = MachineFiles.read,
        sourceAddress: @escaping (SocketAddress?, Bool) -> SocketAddress? = { _, _ in nil },
        isProgram: @escaping (String) -> Bool = Machine.isProgram
    ) {
        self.variable = variable
        self.folder = folder
        self.hostName = hostName
        self.readFile = readFile
        self.sourceAddress = sourceAddress
        self.isProgram = isProgram
    }

    /// A path of the file as the machine understands it.
    func resolved(_ path: String) -> String {
        folder.isEmpty || path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }
}

/// One reading of one file: what it may use and what it has found.
final class ReadingContext {
    let document: JSONDocument
    let sources: ConfigurationSources
    let findings = Findings()
    /// What variables stood for in texts since it was last taken; see `takeRevealed`.
    private var revealed: [Secret] = []

    init(_ document: JSONDocument, _ sources: ConfigurationSources) {
        self.document = document
        self.sources = sources
    }

    func complain(_ path: String, _ message: String, at offset: Int?) {
        findings.add(problem: Finding(path, message, at: offset.map(document.place)))
    }

    func warn(_ path: String, _ message: String, at offset: Int?) {
        findings.add(warning: Finding(path, message, at: offset.map(document.place)))
    }

    func expand(
        _ raw: String, loneDollar: Substitution.LoneDollar = .refused
    ) throws(Complaint) -> String {
        guard raw.hasDollar else { return raw }
        let pieces = try Substitution.pieces(
            of: raw, loneDollar: loneDollar, from: sources.variable)
        revealed += pieces.filter { $0.written != nil }.map { Secret($0.text) }
        return pieces.map(\.text).joined()
    }

    /// Notes a text that is a secret wherever it came from.
    func reveal(_ secret: Secret) { revealed.append(secret) }

    /// What `read` learns of variables is none to hide: a number, a flag, a duration.
    func openly<Value>(_ read: () -> Value) -> Value {
        let before = revealed.count
        defer { revealed.removeSubrange(before...) }
        return read()
    }

    /// What was read of variables and secret files since the last call: that of one check.
    func takeRevealed() -> [Secret] {
        defer { revealed = [] }
        return revealed
    }

    /// The members of an object; what is none is told.
    func members(of node: JSONNode, at path: String) -> [JSONMember]? {
        if case .table(let members) = node.value { return members }
        complain(
            path, "expected an object in braces, found \(node.value.kindInWords)", at: node.offset)
        return nil
    }

    /// The elements of a list; what is none is told.
    func elements(of node: JSONNode, at path: String) -> [JSONNode]? {
        if case .list(let elements) = node.value { return elements }
        complain(
            path, "expected a list in brackets, found \(node.value.kindInWords)", at: node.offset)
        return nil
    }

    /// A text as it is written; what is none is told.
    func text(of node: JSONNode, at path: String) -> String? {
        if let text = node.text { return text }
        complain(
            path, "expected a text in quotes, found \(node.value.kindInWords)", at: node.offset)
        return nil
    }

    func readFile(_ path: String, atMost byteCountMax: Int) throws(FileFault) -> FileContents {
        try sources.readFile(sources.resolved(path), byteCountMax)
    }
}
