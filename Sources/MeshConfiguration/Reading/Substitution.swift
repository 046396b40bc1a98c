/// Puts the environment's values in place of `${NAME}` and `${NAME:-text}`; `$$` is a dollar. A
/// variable's value is taken as it is: nothing in it is replaced again.
enum Substitution {
    /// What a dollar is that begins neither: a slip of the pen, or itself where it has a meaning of
    /// its own, in regular expressions and paths.
    enum LoneDollar {
        case refused, itself
    }

    /// A part of a text: as it reads, and, where it is a variable's value, how it was written.
    struct Piece: Hashable {
        var text: String
        var written: String?
    }

    static func expand(
        _ raw: String, loneDollar: LoneDollar = .refused, from variable: (String) -> String?
    ) throws(Complaint) -> String {
        try pieces(of: raw, loneDollar: loneDollar, from: variable).map(\.text).joined()
    }

    static func pieces(
        of raw: String, loneDollar: LoneDollar = .refused, from variable: (String) -> String?
    ) throws(Complaint) -> [Piece] {
        var pieces: [Piece] = []
        var rest = raw[...]
        while let dollar = rest.firstIndex(of: "$") {
            pieces.append(Piece(text: String(rest[..<dollar])))
            rest = rest[rest.index(after: dollar)...]
            switch rest.first {
            case "$":
                pieces.append(Piece(text: "$"))
                rest = rest.dropFirst()
            case "{":
                guard let end = rest.firstIndex(of: "}") else {
                    throw Complaint("has \"${\" without \"}\": write ${NAME}, or $$ for a dollar")
                }
                pieces.append(try piece(of: rest[..<end].dropFirst(), variable))
                rest = rest[rest.index(after: end)...]
            case _ where loneDollar == .itself: pieces.append(Piece(text: "$"))
            default:
                throw Complaint("has a single \"$\": write $$ for a dollar, ${NAME} for a variable")
            }
        }
        return pieces + [Piece(text: String(rest))]
    }

    private static func piece(
        of inside: Substring, _ variable: (String) -> String?
    ) throws(Complaint) -> Piece {
        let name = inside.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let rest = inside.dropFirst(name.count)
        guard let first = name.first, !first.isNumber, rest.isEmpty || rest.hasPrefix(":-") else {
            throw Complaint("has ${\(inside)}: write ${NAME} or ${NAME:-text}")
        }
        let value = variable(String(name))
        // As in a shell, a default stands in for an empty variable, too.
        if rest.isEmpty {
            guard let value else {
                throw Complaint(
                    "the variable \(name) is not set: set it, or write ${\(name):-text}")
            }
            return Piece(text: value, written: "${\(inside)}")
        }
        if let value, !value.isEmpty { return Piece(text: value, written: "${\(inside)}") }
        let text = rest.dropFirst(2)
        guard !text.hasDollar else {
            throw Complaint("has a \"$\" in the default of \(name): a default is plain text")
        }
        // What stands in the file is no secret of this machine's.
        return Piece(text: String(text))
    }
}

extension StringProtocol {
    /// Whether a variable, or a doubled dollar, may be part of it. Asked of every text there is.
    var hasDollar: Bool { utf8.contains(UInt8(ascii: "$")) }
}
