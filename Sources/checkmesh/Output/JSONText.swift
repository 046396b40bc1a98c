import MeshCore

/// Writes JSON, keys in the order they are given.
indirect enum JSONText: Sendable {
    case null
    case flag(Bool)
    case number(Int)
    case decimal(Double)
    /// As somebody else wrote it.
    case literal(String)
    case text(String)
    case list([JSONText])
    case table([(String, JSONText)])

    /// What was read, to be written again.
    init(_ node: JSONNode) {
        self =
            switch node.value {
            case .null: .null
            case .flag(let flag): .flag(flag)
            case .number(let number): .literal(number)
            case .text(let text): .text(text)
            case .list(let elements): .list(elements.map { JSONText($0) })
            case .table(let members): .table(members.map { ($0.key, JSONText($0.node)) })
            }
    }

    static func milliseconds(_ span: TimeSpan) -> JSONText {
        .decimal(Double(span.nanoseconds) / 1e6)
    }

    static func optional(_ text: String?) -> JSONText { text.map { .text($0) } ?? .null }

    var line: String {
        var line = ""
        write(to: &line)
        return line
    }

    private func write(to line: inout String) {
        switch self {
        case .null: line += "null"
        case .flag(let flag): line += flag ? "true" : "false"
        case .number(let number): line += String(number)
        case .literal(let number): line += number
        case .decimal(let number): line += number.isFinite ? "\(number)" : "null"
        case .text(let text): Self.write(quoted: text, to: &line)
        case .list(let elements):
            line += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { line += ", " }
                element.write(to: &line)
            }
            line += "]"
        case .table(let members):
            line += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { line += ", " }
                Self.write(quoted: member.0, to: &line)
                line += ": "
                member.1.write(to: &line)
            }
            line += "}"
        }
    }

    private static func write(quoted text: String, to line: inout String) {
        line += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: line.unicodeScalars.append(scalar)
            }
        }
        line += "\""
    }
}
