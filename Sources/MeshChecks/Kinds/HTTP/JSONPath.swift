package import MeshCore

/// A place in a JSON text: the part of RFC 9535 that names one place and not many: `$`, then members
/// (`.name`, `['any name']`) and elements (`[0]`, `[-1]` for the last).
package struct JSONPath: Sendable, Hashable, CustomStringConvertible {
    package static let stepsMax = 32

    enum Step: Sendable, Hashable {
        case member(String)
        /// Below zero it counts from the end.
        case element(Int)
    }

    let steps: [Step]
    package let description: String

    /// Why a text is no path, and where: in bytes from its beginning.
    struct Fault: Error, Sendable, Hashable {
        let offset: Int
        let words: String
    }

    /// Reads a path from the beginning of `text` and leaves what comes after it.
    init(readingFrom text: inout ArraySlice<UInt8>) throws(Fault) {
        let all = text
        func fault(_ words: String) -> Fault {
            Fault(offset: text.startIndex - all.startIndex, words: words)
        }
        guard text.popFirst() == UInt8(ascii: "$") else {
            text = all
            throw fault("expected a path that begins with \"$\"")
        }
        var steps: [Step] = []
        while let next = text.first, next == UInt8(ascii: ".") || next == UInt8(ascii: "[") {
            guard steps.count < Self.stepsMax else {
                throw fault("more than \(Self.stepsMax) steps")
            }
            text.removeFirst()
            if next == UInt8(ascii: ".") {
                let name = text.prefix(while: Self.isNameByte)
                guard let first = name.first, !(0x30...0x39).contains(first) else {
                    throw fault("expected a member's name; write others as ['name']")
                }
                text = text.dropFirst(name.count)
                steps.append(.member(String(decoding: name, as: UTF8.self)))
                continue
            }
            if text.first == 0x27 || text.first == 0x22 {
                guard let name = JSONLiteral.takeText(from: &text) else {
                    throw fault("expected a member's name in quotes")
                }
                steps.append(.member(name))
            } else {
                let digits = text.prefix { (0x30...0x39).contains($0) || $0 == 0x2D }
                guard digits.count <= 10, let index = Int(String(decoding: digits, as: UTF8.self))
                else { throw fault("expected a whole number or a name in quotes") }
                text = text.dropFirst(digits.count)
                steps.append(.element(index))
            }
            guard text.popFirst() == UInt8(ascii: "]") else { throw fault("expected \"]\"") }
        }
        self.steps = steps
        description = String(decoding: all[..<text.startIndex], as: UTF8.self)
    }

    /// What is there; `nil` if nothing is.
    package func find(in root: JSONNode) -> JSONNode? {
        var node = root
        for step in steps {
            let next: JSONNode?
            switch step {
            case .member(let name): next = node[name]
            case .element(let index):
                let elements = node.elements
                let place = index < 0 ? elements.count + index : index
                next = elements.indices.contains(place) ? elements[place] : nil
            }
            guard let next else { return nil }
            node = next
        }
        return node
    }

    /// Letters, digits, `_` and what is not ASCII (RFC 9535, 2.5.1.1); `-`, too, because people
    /// write it.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...:
            true
        default: false
        }
    }
}

/// A value that a rule compares with: no list and no object.
package enum JSONLiteral: Sendable, Hashable {
    case null
    case flag(Bool)
    /// As it is written.
    case number(String)
    case text(String)

    /// Reads all of `text`; `nil` if that is no such value. Texts are in double quotes as JSON has
    /// them, or in single ones, which need no escape inside JSON.
    init?(_ text: ArraySlice<UInt8>) {
        var rest = text
        if rest.first == 0x27 || rest.first == 0x22 {
            guard let plain = Self.takeText(from: &rest), rest.isEmpty else { return nil }
            self = .text(plain)
            return
        }
        guard let node = try? JSONParser.parse(Array(text)).root else { return nil }
        switch node.value {
        case .null: self = .null
        case .flag(let flag): self = .flag(flag)
        case .number(let number): self = .number(number)
        case .text, .list, .table: return nil
        }
    }

    /// A text in quotes from the beginning of `bytes`; `nil` if there is none. In single quotes `\'`
    /// is one of them and `\\` a backslash.
    static func takeText(from bytes: inout ArraySlice<UInt8>) -> String? {
        guard let quote = bytes.first, quote == 0x27 || quote == 0x22 else { return nil }
        var end = bytes.startIndex + 1
        while end < bytes.endIndex, bytes[end] != quote {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < bytes.endIndex else { return nil }
        let text = bytes[bytes.startIndex...end]
        bytes = bytes[(end + 1)...]
        if quote == 0x22 { return (try? JSONParser.parse(Array(text)).root)?.text }
        var plain: [UInt8] = []
        var inside = text.dropFirst().dropLast()
        while let byte = inside.popFirst() {
            if byte == UInt8(ascii: "\\"), let next = inside.first, next == quote || next == byte {
                plain.append(next)
                inside.removeFirst()
            } else {
                plain.append(byte)
            }
        }
        return String(validating: plain, as: UTF8.self)
    }
}
