import MeshCore

/// How much a line of the log matters, least first.
package enum LogLevel: Sendable, Hashable, CaseIterable, Comparable {
    /// For whoever looks for a fault in Checkmesh.
    case debug
    /// What happened, and is well.
    case info
    /// Somebody should know, and may have to act.
    case warning
    /// Something is lost, or will be unless somebody acts.
    case error

    package var word: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// What syslog and the journal call it (sd-daemon(3)).
    var priority: Int {
        switch self {
        case .debug: 7
        case .info: 6
        case .warning: 4
        case .error: 3
        }
    }
}

/// One event as one line: `2026-01-01T00:00:00.000Z info member name=fra-1 state=dead`.
///
/// Whatever peers and targets have a say in arrives in values, so values can't break out: what is
/// no plain word is quoted, and no control character reaches a terminal.
enum LogLine {
    /// What a pipe takes whole or not at all (PIPE_BUF). A longer line is cut.
    static let byteCountMax = 4_096

    static func text(
        _ level: LogLevel, _ message: String, _ fields: [(String, String)], at time: WallTime,
        forJournal: Bool
    ) -> String {
        var line = forJournal ? "<\(level.priority)>" : ""
        line += "\(time.rfc3339) \(level.word) "
        append(message, to: &line, quoting: false)
        for (name, value) in fields {
            line += " \(name)="
            if isPlain(value) {
                line += value
            } else {
                line += "\""
                append(value, to: &line, quoting: true)
                line += "\""
            }
        }
        return cut(line) + "\n"
    }

    private static func isPlain(_ value: String) -> Bool {
        !value.isEmpty
            && value.unicodeScalars.allSatisfy { scalar in
                !isControl(scalar) && scalar != " " && scalar != "\"" && scalar != "="
                    && scalar != "\\"
            }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Formats turn the direction of what follows; separators end a line in some eyes.
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func append(_ text: String, to line: inout String, quoting: Bool) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\t": line += "\\t"
            case "\"" where quoting: line += "\\\""
            case "\\" where quoting: line += "\\\\"
            default:
                if isControl(scalar) {
                    line += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    line.unicodeScalars.append(scalar)
                }
            }
        }
    }

    private static func cut(_ line: String) -> String {
        // One byte is for the end of the line.
        guard line.utf8.count >= byteCountMax else { return line }
        let mark = " …cut"
        var end = line.utf8.index(line.startIndex, offsetBy: byteCountMax - 1 - mark.utf8.count)
        // Back to where a character begins.
        while end.samePosition(in: line.unicodeScalars) == nil {
            end = line.utf8.index(before: end)
        }
        return line[..<end] + mark
    }
}
