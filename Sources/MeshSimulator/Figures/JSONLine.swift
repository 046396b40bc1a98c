/// One JSON object on one line, in the order of writing. Figures are read by scripts and eyes
/// alike; a library would sort the keys and need Foundation.
package struct JSONLine: Sendable {
    private var fields: [String] = []

    package init() {}

    package mutating func add(_ name: String, _ value: Int) { addRaw(name, String(value)) }
    package mutating func add(_ name: String, _ value: UInt64) { addRaw(name, String(value)) }
    /// `nil` is `null`: nothing of the kind was seen.
    package mutating func add(_ name: String, _ value: Double?, places: Int = 3) {
        addRaw(name, value.map { Self.decimal($0, places: places) } ?? "null")
    }
    package mutating func add(_ name: String, _ value: String?) {
        addRaw(name, value.map(Self.quoted) ?? "null")
    }

    private mutating func addRaw(_ name: String, _ value: String) {
        fields.append("\(Self.quoted(name)):\(value)")
    }

    package var text: String { "{\(fields.joined(separator: ","))}" }

    /// Rounded to `places` after the point, never in exponents.
    static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "null" }
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = Int(value.magnitude * Double(scale) + 0.5)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(scaled)" }
        let fraction = String(scaled % scale)
        let padding = String(repeating: "0", count: places - fraction.count)
        return "\(sign)\(scaled / scale).\(padding)\(fraction)"
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
