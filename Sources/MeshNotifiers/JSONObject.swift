/// Writes one flat JSON object (RFC 8259), its keys in the order in which they are added.
struct JSONObject {
    private var text = "{"
    private var isEmpty = true

    var bytes: [UInt8] { Array((text + "}").utf8) }

    mutating func add(_ key: String, _ value: String) {
        begin(key)
        quote(value)
    }

    mutating func add(_ key: String, _ values: [String]) {
        begin(key)
        text += "["
        for (place, value) in values.enumerated() {
            if place > 0 { text += "," }
            quote(value)
        }
        text += "]"
    }

    mutating func add(_ key: String, _ value: Int) {
        begin(key)
        text += String(value)
    }

    mutating func add(_ key: String, _ value: Bool) {
        begin(key)
        text += value ? "true" : "false"
    }

    mutating func addNull(_ key: String) {
        begin(key)
        text += "null"
    }

    private mutating func begin(_ key: String) {
        if !isEmpty { text += "," }
        isEmpty = false
        quote(key)
        text += ":"
    }

    /// Escapes what must be (RFC 8259, 7); a Swift text is always whole UTF-8. `<`, U+2028 and U+2029
    /// as well: whoever pastes a notice into a page or a script is then spared a surprise.
    private mutating func quote(_ value: String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar.value {
            case 0x22: text += "\\\""
            case 0x5C: text += "\\\\"
            case 0x0A: text += "\\n"
            case 0x0D: text += "\\r"
            case 0x09: text += "\\t"
            case 0..<0x20, 0x3C, 0x7F, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
