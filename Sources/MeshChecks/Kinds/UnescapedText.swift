/// A text with the escapes of one language read as what they stand for, and where in the text each
/// byte of that was: what was told to a target may come back as a part of a URL, a page or JSON, and
/// which characters are escaped there is a matter of each program's taste.
struct UnescapedText {
    enum Language: CaseIterable {
        /// `%2F`, and `+` for a space (of URLs and forms).
        case percent
        /// `&amp;`, `&#39;`, `&#x27;`.
        case html
        /// `\"`, `\/`, `\u0026`.
        case json

        fileprivate var mark: UInt8 {
            switch self {
            case .percent: UInt8(ascii: "%")
            case .html: UInt8(ascii: "&")
            case .json: UInt8(ascii: "\\")
            }
        }

        /// Bytes of the longest escape.
        fileprivate var byteCountMax: Int {
            switch self {
            case .percent: 3
            case .html: 10
            case .json: 6
            }
        }
    }

    let language: Language?
    let original: [UInt8]
    private(set) var bytes: [UInt8] = []
    /// Of each byte and of the end; empty where nothing is escaped.
    private var starts: [Int] = []

    /// In each language, `nil` where nothing is escaped, and as it stands, in the same order always:
    /// what is whole in one of them is half a secret as it stands.
    static func hearings(of text: String) -> [UnescapedText?] {
        Language.allCases.map { UnescapedText(text, $0) } + [UnescapedText(text)]
    }

    /// As it stands.
    private init(_ text: String) {
        language = nil
        original = Array(text.utf8)
        bytes = original
    }

    private init?(_ text: String, _ language: Language) {
        let utf8 = text.utf8
        let isPercent = language == .percent
        guard utf8.contains(where: { $0 == language.mark || isPercent && $0 == Self.plus }) else {
            return nil
        }
        self.language = language
        original = Array(utf8)
        var place = 0
        while place < original.count {
            let escape = original[place] == language.mark ? escape(at: place) : nil
            let meant = escape?.bytes ?? [original[place]]
            bytes += meant
            starts += meant.map { _ in place }
            place += escape?.byteCount ?? 1
        }
        starts.append(place)
    }

    /// Where in the original the byte at `place` begins.
    func start(_ place: Int) -> Int { starts.isEmpty ? place : starts[place] }

    /// Letters of either case are the same, and a control character is the space that it becomes.
    func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case 0..<0x20, 0x7F: 0x20
        case Self.plus where language == .percent: 0x20
        default: byte
        }
    }

    /// Whether what is before `place` may be the beginning of something longer: a quotation ends.
    func isQuotationEnd(at place: Int) -> Bool { Self.ends(original[start(place)...]) }

    /// As that, where half an escape is before the quotation's end.
    func isHalfEscape(at place: Int) -> Bool {
        let rest = original[start(place)...]
        guard let language, rest.first == language.mark, escape(at: rest.startIndex) == nil else {
            return false
        }
        return (1..<language.byteCountMax).contains { count in
            let half = rest.prefix(count).dropFirst()
            return half.allSatisfy(Self.isPartOfEscape) && Self.ends(rest.dropFirst(count))
        }
    }

    private static func ends(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.isEmpty || rest.first == UInt8(ascii: "'") || rest.first == UInt8(ascii: "\"")
            || rest.starts(with: "…".utf8)
    }

    private static let plus = UInt8(ascii: "+")

    private static func isPartOfEscape(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "#"):
            true
        default: false
        }
    }

    // MARK: Escapes

    private typealias Escape = (bytes: [UInt8], byteCount: Int)

    private func escape(at place: Int) -> Escape? {
        let rest = original[(place + 1)...].prefix((language?.byteCountMax ?? 1) - 1)
        switch language {
        case nil: return nil
        case .percent:
            guard rest.count == 2, let byte = Self.number(rest, radix: 16) else { return nil }
            return ([UInt8(truncatingIfNeeded: byte)], 3)
        case .html: return Self.html(rest)
        case .json: return Self.json(rest)
        }
    }

    private static let names: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'",
    ]

    private static func html(_ rest: ArraySlice<UInt8>) -> Escape? {
        guard let end = rest.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let word = rest[..<end]
        let count = word.count + 2
        guard word.first == UInt8(ascii: "#") else {
            return names[String(decoding: word, as: UTF8.self)].map { (Array($0.utf8), count) }
        }
        let digits = word.dropFirst()
        let isHexadecimal = digits.first.map { $0 | 0x20 } == UInt8(ascii: "x")
        let code =
            isHexadecimal ? number(digits.dropFirst(), radix: 16) : number(digits, radix: 10)
        return code.flatMap(utf8).map { ($0, count) }
    }

    private static func json(_ rest: ArraySlice<UInt8>) -> Escape? {
        guard let letter = rest.first else { return nil }
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "\\"): return ([letter], 2)
        // Control characters, which are all the same here.
        case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
            UInt8(ascii: "t"):
            return ([0x20], 2)
        case UInt8(ascii: "u"):
            guard rest.count == 5, let code = number(rest.dropFirst(), radix: 16) else {
                return nil
            }
            return utf8(code).map { ($0, 6) }
        default: return nil
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: Int) -> UInt32? {
        guard digits.allSatisfy({ $0 != plus && $0 != UInt8(ascii: "-") }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
    }

    private static func utf8(_ code: UInt32) -> [UInt8]? {
        Unicode.Scalar(code).map { Array(String($0).utf8) }
    }
}
