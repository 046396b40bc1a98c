import MeshChecks
import MeshCore

/// What is said in plain text until the server is ready for TLS, as a value: bytes of the server in,
/// what to answer out.
///
/// Nothing may come after the server's word that it is ready: it would be taken for part of what
/// follows, though anybody could have put it there (CVE-2011-0411).
struct StartTLSDialogue {
    /// Of all that the server says before TLS.
    static let heardByteCountMax = 16 * 1_024
    private static let quotedByteCountMax = 80

    enum Step: Equatable {
        case waiting
        case say([UInt8])
        /// TLS begins.
        case ready
        case failed(String)
    }

    private enum Place {
        case greeting, hello, request
    }

    private let kind: StartTLS
    private let ownName: String
    private var place = Place.greeting
    private var rest: [UInt8] = []
    private var heardCount = 0
    /// Of several lines of SMTP that are one answer.
    private var offersTLS = false

    /// `own` is what this end of the connection is called by number.
    init(_ kind: StartTLS, from own: SocketAddress?) {
        self.kind = kind
        ownName = Self.literal(own)
        if kind == .postgres { place = .request }
    }

    /// What to say before the server says anything.
    var opening: [UInt8] {
        switch kind {
        case .smtp, .imap, .pop3: []
        // SSLRequest: eight bytes, its number 80877103.
        case .postgres: [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F]
        }
    }

    /// What to say within TLS before it ends, so that the server has nothing to complain of. A
    /// PostgreSQL logs whatever is no startup packet, its Terminate too, and nothing about who leaves
    /// without a word.
    static func farewell(of kind: StartTLS) -> [UInt8] {
        switch kind {
        case .smtp, .pop3: Array("QUIT\r\n".utf8)
        case .imap: Array("b LOGOUT\r\n".utf8)
        case .postgres: []
        }
    }

    mutating func hear(_ bytes: [UInt8]) -> Step {
        heardCount += bytes.count
        guard heardCount <= Self.heardByteCountMax else {
            return .failed(
                "the server says more than \(Self.heardByteCountMax / 1_024) KiB before TLS")
        }
        rest += bytes
        var said: [UInt8] = []
        while true {
            switch kind == .postgres ? hearByte() : hearLine() {
            case nil: return said.isEmpty ? .waiting : .say(said)
            case .waiting: continue
            case .say(let words): said += words
            case .failed(let words): return .failed(words)
            case .ready:
                guard rest.isEmpty else {
                    return .failed("the server says more in plain text after it agreed to TLS")
                }
                return .ready
            }
        }
    }

    // MARK: PostgreSQL

    private mutating func hearByte() -> Step? {
        guard let byte = rest.first else { return nil }
        rest.removeFirst()
        return switch byte {
        case UInt8(ascii: "S"): .ready
        case UInt8(ascii: "N"): .failed("the server offers no TLS")
        case UInt8(ascii: "E"):
            .failed("the server answers SSLRequest with an error\(postgresError)")
        default: .failed("the answer to SSLRequest is not PostgreSQL's")
        }
    }

    /// What follows the E as far as it is here: fields with a letter each, M of them for people, or,
    /// of a server that could not begin, a text alone.
    private var postgresError: String {
        // The length of fields, of which there are fewer than 16 MiB.
        let hasFields = rest.first == 0
        let texts = rest.dropFirst(hasFields ? 4 : 0).split(separator: 0)
        let text =
            hasFields
            ? texts.first { $0.first == UInt8(ascii: "M") }?.dropFirst() : texts.first
        guard let text, !text.isEmpty else { return "" }
        return ": " + Self.quoted(String(decoding: text, as: UTF8.self))
    }

    // MARK: Lines

    /// `nil`: there is no whole line.
    private mutating func hearLine() -> Step? {
        guard let end = rest.firstIndex(of: 0x0A) else { return nil }
        var line = rest[..<end]
        if line.last == 0x0D { line = line.dropLast() }
        let text = String(decoding: line, as: UTF8.self)
        rest.removeFirst(end + 1)
        return switch kind {
        case .smtp: smtp(text)
        case .imap: imap(text)
        case .pop3: pop3(text)
        case .postgres: .waiting
        }
    }

    /// RFC 5321, 4.2: three digits, a hyphen where more of the same answer follows.
    private mutating func smtp(_ line: String) -> Step {
        let code = line.utf8.prefix(3)
        let mark = line.utf8.dropFirst(3).first
        guard code.count == 3, code.allSatisfy({ (0x30...0x39).contains($0) }),
            mark == nil || mark == 0x20 || mark == 0x2D
        else { return .failed("the answer is not SMTP's: \(Self.quoted(line))") }
        let number = String(Substring(code))
        if place == .hello, number == "250" {
            let word = line.dropFirst(4).split(separator: " ").first ?? ""
            if word.uppercased() == "STARTTLS" { offersTLS = true }
        }
        if mark == 0x2D { return .waiting }
        switch (place, number) {
        case (.greeting, "220"):
            place = .hello
            return .say(Array("EHLO \(ownName)\r\n".utf8))
        case (.hello, "250"):
            guard offersTLS else { return .failed("the server offers no STARTTLS") }
            place = .request
            return .say(Array("STARTTLS\r\n".utf8))
        case (.request, "220"): return .ready
        case (.greeting, _): return .failed("the server greets with \(Self.quoted(line))")
        case (.hello, _): return .failed("the server answers EHLO with \(Self.quoted(line))")
        case (.request, _): return refused(line)
        }
    }

    private mutating func imap(_ line: String) -> Step {
        switch place {
        case .greeting, .hello:
            guard line.lowercased().hasPrefix("* ok") else {
                return .failed("the server greets with \(Self.quoted(line))")
            }
            place = .request
            return .say(Array("a STARTTLS\r\n".utf8))
        case .request:
            if line.hasPrefix("* ") { return .waiting }
            return line.lowercased().hasPrefix("a ok") ? .ready : refused(line)
        }
    }

    private mutating func pop3(_ line: String) -> Step {
        let isGood = line.lowercased().hasPrefix("+ok")
        switch place {
        case .greeting, .hello:
            guard isGood else { return .failed("the server greets with \(Self.quoted(line))") }
            place = .request
            return .say(Array("STLS\r\n".utf8))
        case .request: return isGood ? .ready : refused(line)
        }
    }

    private func refused(_ line: String) -> Step {
        .failed("the server refuses STARTTLS: \(Self.quoted(line))")
    }

    private static func quoted(_ line: String) -> String {
        "'\(String(decoding: line.utf8.prefix(quotedByteCountMax), as: UTF8.self))'"
    }

    /// RFC 5321, 4.1.3: what a client says that has no name of its own.
    private static func literal(_ own: SocketAddress?) -> String {
        guard let own else { return "[127.0.0.1]" }
        // With its port, and an IPv6 address in brackets.
        let text = own.description
        guard own.isIPv4 else {
            return "[IPv6:" + text.dropFirst().prefix { $0 != "]" } + "]"
        }
        return "[\(text.prefix { $0 != ":" })]"
    }
}
