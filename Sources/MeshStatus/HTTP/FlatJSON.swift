/// Reads what a request's body says: one object of texts, numbers, true, false and null, nothing
/// within it. A body is at most `EndpointLimits.bodyByteCount` long.
struct FlatJSON {
    /// Texts by their names; other values as they are written.
    private(set) var fields: [String: String] = [:]

    /// `nil` for anything else, and for a name that comes twice.
    init?(_ body: [UInt8]) {
        var rest = body[...]
        guard Self.skip("{", &rest) else { return nil }
        if Self.skip("}", &rest) {
            guard rest.isEmpty else { return nil }
            return
        }
        repeat {
            guard let name = Self.string(&rest), fields[name] == nil, Self.skip(":", &rest),
                let value = Self.string(&rest) ?? Self.word(&rest)
            else { return nil }
            fields[name] = value
        } while Self.skip(",", &rest)
        guard Self.skip("}", &rest), rest.isEmpty else { return nil }
    }

    private static func skipSpace(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }

    private static func skip(_ scalar: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        skipSpace(&rest)
        guard rest.first == UInt8(ascii: scalar) else { return false }
        rest = rest.dropFirst()
        skipSpace(&rest)
        return true
    }

    /// A number, true, false or null: nothing here asks for more than what it says.
    private static func word(_ rest: inout ArraySlice<UInt8>) -> String? {
        let word = rest.prefix { byte in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard !word.isEmpty else { return nil }
        rest = rest.dropFirst(word.count)
        return String(decoding: word, as: UTF8.self)
    }

    private static func string(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        var text = rest.dropFirst()
        var units: [UInt8] = []
        while let byte = text.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                rest = text
                return String(validating: units, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape(&text) else { return nil }
                units.append(contentsOf: String(scalar).utf8)
            case 0..<0x20: return nil
            default: units.append(byte)
            }
        }
        return nil
    }

    private static func escape(_ text: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
        switch text.popFirst() {
        case UInt8(ascii: "\"")?: return "\""
        case UInt8(ascii: "\\")?: return "\\"
        case UInt8(ascii: "/")?: return "/"
        case UInt8(ascii: "b")?: return "\u{8}"
        case UInt8(ascii: "f")?: return "\u{C}"
        case UInt8(ascii: "n")?: return "\n"
        case UInt8(ascii: "r")?: return "\r"
        case UInt8(ascii: "t")?: return "\t"
        case UInt8(ascii: "u")?:
            guard let first = unit(&text) else { return nil }
            guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
            guard text.popFirst() == UInt8(ascii: "\\"), text.popFirst() == UInt8(ascii: "u"),
                let second = unit(&text), (0xDC00..<0xE000).contains(second)
            else { return nil }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        default: return nil
        }
    }

    private static func unit(_ text: inout ArraySlice<UInt8>) -> UInt32? {
        guard text.count >= 4 else { return nil }
        let digits = text.prefix(4)
        text = text.dropFirst(4)
        guard digits.allSatisfy({ ($0 | 0x20) >= 0x30 }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
