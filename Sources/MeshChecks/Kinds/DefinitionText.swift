package import MeshCore

/// The canonical text of a check's definition: one line of JSON, the keys in the order of their
/// bytes, without what is default, every value in one form. Equal configurations on different nodes
/// are equal bytes, however they were laid out.
///
/// It travels in certificates, which anybody may ask for, so it shows no secret: where a variable is
/// part of a value the text has what was written, not what the variable stands for; a password is
/// a mask; a body is its hash.
package struct DefinitionText: Sendable {
    /// A value in its one form.
    package enum Value: Sendable, Hashable {
        case text(String)
        case number(Int)
        case flag(Bool)
        case list([Value])
        case table([String: Value])

        package static func span(_ span: TimeSpan) -> Value {
            .text(DurationText(span).description)
        }
    }

    private let written: [String: Value]
    private let cryptography: any Cryptography
    private var fields: [String: Value] = [:]

    package init(written: [String: Value], using cryptography: any Cryptography) {
        self.written = written
        self.cryptography = cryptography
    }

    /// Adds a field unless it has its default. As written, it is added in any case: what a variable
    /// stands for here says nothing about other nodes.
    package mutating func add(_ key: String, _ value: Value, unless usual: Value? = nil) {
        if let raw = written[key] {
            fields[key] = raw
        } else if value != usual {
            fields[key] = value
        }
    }

    /// Adds that there is a secret; which is nobody's business, and may differ between nodes.
    package mutating func addMask(_ key: String) { fields[key] = .text(Secret.mask) }

    /// Adds the hash of a text that is long, or may hold a secret.
    package mutating func addHash(_ key: String, of secret: Secret) {
        var text = secret.revealed
        if case .text(let raw)? = written[key] { text = raw }
        let hash = cryptography.sha256(Array(text.utf8)).high
        fields[key] = .text("sha256:\(hash.hexadecimal)")
    }

    /// Adds header lines under their names in small letters, which is how they are compared.
    package mutating func add(_ headers: [HTTPHeader]) {
        guard !headers.isEmpty else { return }
        var lines: [String: [Value]] = [:]
        for header in headers {
            let name = header.name.lowercased()
            let value = header.isConfidential ? Secret.mask : header.value.revealed
            lines[name, default: []].append(.text(value))
        }
        for header in headers where !header.isConfidential {
            let name = header.name.lowercased()
            if case .list(let raw)? = written["headers.\(name)"] { lines[name] = raw }
        }
        fields["headers"] = .table(lines.mapValues(Value.list))
    }

    /// Adds the variables of an environment under their names.
    package mutating func add(_ key: String, _ variables: [EnvironmentVariable]) {
        guard !variables.isEmpty else { return }
        var table: [String: Value] = [:]
        for variable in variables {
            let value = variable.isConfidential ? Secret.mask : variable.value.revealed
            table[variable.name] = .text(value)
            if !variable.isConfidential, let raw = written["\(key).\(variable.name)"] {
                table[variable.name] = raw
            }
        }
        fields[key] = .table(table)
    }

    package var bytes: [UInt8] {
        var text = ""
        Self.write(.table(fields), to: &text)
        return Array(text.utf8)
    }

    private static func write(_ value: Value, to text: inout String) {
        switch value {
        case .text(let plain): write(quoted: plain, to: &text)
        case .number(let number): text += String(number)
        case .flag(let flag): text += flag ? "true" : "false"
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                write(value, to: &text)
            }
            text += "]"
        case .table(let table):
            text += "{"
            // Swift compares texts by what they mean; this order must be that of their bytes.
            let keys = table.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for (index, key) in keys.enumerated() {
                if index > 0 { text += "," }
                write(quoted: key, to: &text)
                text += ":"
                if let value = table[key] { write(value, to: &text) }
            }
            text += "}"
        }
    }

    /// Escapes what JSON demands (RFC 8259, 7), in one way, and nothing else.
    private static func write(quoted plain: String, to text: inout String) {
        text += "\""
        for scalar in plain.unicodeScalars {
            switch scalar.value {
            case 0x22: text += "\\\""
            case 0x5C: text += "\\\\"
            case 0..<0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
