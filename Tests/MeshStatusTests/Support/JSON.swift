/// A strict JSON reader (RFC 8259), so that what we write is not read by what we wrote it with. Keys
/// keep their order.
indirect enum JSON: Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([Field])

    struct Field: Equatable {
        var name: String
        var value: JSON
    }

    struct Malformed: Error {
        var rest: String
    }

    init(_ text: String) throws {
        var reader = Reader(rest: Array(text.utf8)[...])
        self = try reader.value()
        guard reader.rest.isEmpty else { throw reader.malformed }
    }

    subscript(_ name: String) -> JSON? {
        guard case .object(let fields) = self else { return nil }
        return fields.first { $0.name == name }?.value
    }

    subscript(_ place: Int) -> JSON? {
        guard case .array(let values) = self, place < values.count else { return nil }
        return values[place]
    }

    var keys: [String] {
        if case .object(let fields) = self { fields.map(\.name) } else { [] }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var count: Int {
        if case .array(let values) = self { values.count } else { -1 }
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        var malformed: Malformed {
            Malformed(rest: String(decoding: rest.prefix(40), as: UTF8.self))
        }

        mutating func skip(_ word: String) -> Bool {
            guard rest.starts(with: word.utf8) else { return false }
            rest = rest.dropFirst(word.utf8.count)
            return true
        }

        mutating func value() throws -> JSON {
            if skip("null") { return .null }
            if skip("true") { return .bool(true) }
            if skip("false") { return .bool(false) }
            if skip("[") {
                var values: [JSON] = []
                if skip("]") { return .array([]) }
                repeat { values.append(try value()) } while skip(",")
                guard skip("]") else { throw malformed }
                return .array(values)
            }
            if skip("{") {
                var fields: [Field] = []
                if skip("}") { return .object([]) }
                repeat {
                    let name = try string()
                    guard skip(":"), !fields.contains(where: { $0.name == name }) else {
                        throw malformed
                    }
                    fields.append(Field(name: name, value: try value()))
                } while skip(",")
                guard skip("}") else { throw malformed }
                return .object(fields)
            }
            if rest.first == UInt8(ascii: "\"") { return .string(try string()) }
            let digits = rest.prefix { "-0123456789.eE+".utf8.contains($0) }
            guard Double(String(decoding: digits, as: UTF8.self)) != nil else { throw malformed }
            rest = rest.dropFirst(digits.count)
            return .number(String(decoding: digits, as: UTF8.self))
        }

        mutating func string() throws -> String {
            guard skip("\"") else { throw malformed }
            var bytes: [UInt8] = []
            while let byte = rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""):
                    guard let text = String(validating: bytes, as: UTF8.self) else {
                        throw malformed
                    }
                    return text
                case UInt8(ascii: "\\"):
                    switch rest.popFirst() {
                    case UInt8(ascii: "\"")?: bytes.append(UInt8(ascii: "\""))
                    case UInt8(ascii: "\\")?: bytes.append(UInt8(ascii: "\\"))
                    case UInt8(ascii: "u")?:
                        let digits = String(decoding: rest.prefix(4), as: UTF8.self)
                        rest = rest.dropFirst(4)
                        guard let code = UInt32(digits, radix: 16),
                            let scalar = Unicode.Scalar(code)
                        else { throw malformed }
                        bytes += Array(String(scalar).utf8)
                    default: throw malformed
                    }
                case 0..<0x20: throw malformed
                default: bytes.append(byte)
                }
            }
            throw malformed
        }
    }
}
