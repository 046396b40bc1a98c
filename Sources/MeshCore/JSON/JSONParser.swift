/// Reads JSON as RFC 8259 has it and nothing beyond: no comments, no trailing commas, no bytes that
/// are not UTF-8. What is refused is told with its place and what to write instead.
package struct JSONParser {
    /// How much is read of a text: of a configuration all that makes sense, of a stranger's answer
    /// what a thread that has others to serve can hold.
    package struct Limits: Sendable, Hashable {
        /// Values inside each other.
        package var depthMax: Int
        package var valuesMax: Int
        /// As most parsers are: an object may have a key twice, and the last one counts; a byte
        /// order mark is passed over (RFC 8259, 8.1).
        package var isLenient: Bool

        package init(depthMax: Int, valuesMax: Int, isLenient: Bool) {
            self.depthMax = depthMax
            self.valuesMax = valuesMax
            self.isLenient = isLenient
        }

        package static let configuration = Limits(
            depthMax: 32, valuesMax: .max, isLenient: false)
        package static let answer = Limits(
            depthMax: 128, valuesMax: 100_000, isLenient: true)
    }

    private let bytes: [UInt8]
    private let limits: Limits
    private var position = 0
    private var depth = 0
    private var valuesLeft: Int

    /// Why a text is no JSON.
    package struct SyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
        package let place: JSONPlace
        package let message: String

        package var description: String { "\(place): \(message)" }
    }

    private init(_ bytes: [UInt8], _ limits: Limits) {
        self.bytes = bytes
        self.limits = limits
        valuesLeft = limits.valuesMax
    }

    package static func parse(
        _ bytes: [UInt8], within limits: Limits = .configuration
    ) throws(SyntaxError) -> JSONDocument {
        var parser = JSONParser(bytes, limits)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            guard limits.isLenient else {
                throw parser.error("a byte order mark: save the file without one")
            }
            parser.position = 3
        }
        let root = try parser.node()
        parser.skipSpace()
        guard parser.position == bytes.count else {
            throw parser.error("expected the end of the file, found \(parser.found)")
        }
        return JSONDocument(root: root, bytes: bytes)
    }

    // MARK: Values

    private mutating func node() throws(SyntaxError) -> JSONNode {
        skipSpace()
        let offset = position
        guard valuesLeft > 0 else { throw error("more than \(limits.valuesMax) values") }
        valuesLeft -= 1
        return JSONNode(value: try value(), offset: offset)
    }

    private mutating func value() throws(SyntaxError) -> JSONValue {
        guard let next else { throw error("expected a value, found \(found)") }
        switch next {
        case UInt8(ascii: "{"):
            return .table(try nested { parser throws(SyntaxError) in try parser.members() })
        case UInt8(ascii: "["):
            return .list(try nested { parser throws(SyntaxError) in try parser.elements() })
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
        default: break
        }
        if take("true") { return .flag(true) }
        if take("false") { return .flag(false) }
        if take("null") { return .null }
        throw error("expected a value, found \(found)")
    }

    private mutating func nested<Result>(
        _ body: (inout JSONParser) throws(SyntaxError) -> Result
    ) throws(SyntaxError) -> Result {
        guard depth < limits.depthMax else {
            throw error("more than \(limits.depthMax) values inside each other")
        }
        depth += 1
        position += 1
        let result = try body(&self)
        depth -= 1
        return result
    }

    private mutating func elements() throws(SyntaxError) -> [JSONNode] {
        var elements: [JSONNode] = []
        skipSpace()
        if take("]") { return elements }
        while true {
            elements.append(try node())
            if try !goesOn(until: "]") { return elements }
        }
    }

    private mutating func members() throws(SyntaxError) -> [JSONMember] {
        var members: [JSONMember] = []
        var keys: Set<String> = []
        skipSpace()
        if take("}") { return members }
        while true {
            skipSpace()
            let offset = position
            guard next == UInt8(ascii: "\"") else {
                throw error("expected a key in double quotes, found \(found)")
            }
            let key = try text()
            guard limits.isLenient || keys.insert(key).inserted else {
                position = offset
                throw error("the key \"\(key)\" a second time: keep one of them")
            }
            skipSpace()
            guard take(":") else { throw error("expected \":\" after the key, found \(found)") }
            members.append(JSONMember(key: key, offset: offset, node: try node()))
            if try !goesOn(until: "}") { return members }
        }
    }

    /// Whether a comma, and with it another element, follows.
    private mutating func goesOn(until end: StaticString) throws(SyntaxError) -> Bool {
        skipSpace()
        if take(end) { return false }
        let comma = position
        guard take(",") else { throw error("expected \",\" or \"\(end)\", found \(found)") }
        skipSpace()
        if next == end.firstByte {
            position = comma
            throw error("a comma before \"\(end)\": remove it")
        }
        return true
    }

    // MARK: Words

    private mutating func number() throws(SyntaxError) -> String {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let leading = position
        try digits()
        if bytes[leading] == 0x30, position > leading + 1 {
            position = leading
            throw error("a number that begins with 0: leave the 0 out")
        }
        if next == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(SyntaxError) {
        guard let byte = next, (0x30...0x39).contains(byte) else {
            throw error("expected a digit, found \(found)")
        }
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    }

    private mutating func text() throws(SyntaxError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                let offset = position
                position += 1
                guard let valid = String(validating: text, as: UTF8.self) else {
                    position = offset
                    throw error("a text that is not UTF-8: save the file as UTF-8")
                }
                return valid
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20:
                throw error("a control character in a text: write it as \\n, \\t or \\u00XX")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error("a text without its closing quote")
    }

    private mutating func escape(into text: inout [UInt8]) throws(SyntaxError) {
        let start = position
        position += 1
        guard let letter = next else { throw error("a text without its closing quote") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            guard let scalar = scalar() else {
                position = start
                throw error("a \\u without four hexadecimal digits, or half of a pair")
            }
            text += Array(String(Character(scalar)).utf8)
        default:
            position = start
            throw error("an unknown escape: a backslash is written \\\\")
        }
    }

    /// What follows `\u`; beyond the first plane it takes a pair.
    private mutating func scalar() -> Unicode.Scalar? {
        guard let high = unit() else { return nil }
        if let scalar = Unicode.Scalar(UInt32(high)) { return scalar }
        guard (0xD800...0xDBFF).contains(high), take("\\u"), let low = unit(),
            (0xDC00...0xDFFF).contains(low)
        else { return nil }
        return Unicode.Scalar(0x10000 + UInt32(high - 0xD800) << 10 + UInt32(low - 0xDC00))
    }

    private mutating func unit() -> UInt16? {
        guard position + 4 <= bytes.count else { return nil }
        var unit: UInt16 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        position += 4
        return unit
    }

    // MARK: Bytes

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count else { return false }
        // Reads the literal within its own length, while it lives: for ever.
        let isNext = word.withUTF8Buffer {
            unsafe $0.elementsEqual(bytes[position..<position + length])
        }
        if isNext { position += length }
        return isNext
    }

    /// What stands here, for an error.
    private var found: String {
        guard let byte = next else { return "the end of the file" }
        switch byte {
        case UInt8(ascii: "/"), UInt8(ascii: "#"): return "a comment, which JSON does not have"
        case UInt8(ascii: "'"): return "a single quote: JSON has double quotes only"
        case 0x21..<0x7F: return "\"\(Character(Unicode.Scalar(byte)))\""
        default: return "a byte that JSON does not have here"
        }
    }

    private func error(_ message: String) -> SyntaxError {
        SyntaxError(place: JSONPlace(of: position, in: bytes), message: message)
    }
}

extension StaticString {
    /// Expects text.
    fileprivate var firstByte: UInt8 {
        // Reads the literal's first byte; a literal here is never empty.
        withUTF8Buffer { unsafe $0[0] }
    }
}
