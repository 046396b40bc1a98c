package import MeshCore

/// Writes JSON (RFC 8259) into a byte array, value by value. The compiler sees to nothing here: who
/// calls writes one value for each key, and ends what was begun; the closures help.
///
/// `<` is escaped as well: whoever pastes an answer into a page is spared a surprise.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(reservingCapacity capacity: Int = 1_024) { bytes.reserveCapacity(capacity) }

    /// Goes on in an array that was begun before.
    package init(continuing isContinued: Bool) { needsComma = isContinued }

    package mutating func object(_ fields: (inout JSONWriter) -> Void) {
        begin(UInt8(ascii: "{"))
        fields(&self)
        end(UInt8(ascii: "}"))
    }

    package mutating func array<Element>(
        _ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void
    ) {
        begin(UInt8(ascii: "["))
        for element in elements { write(&self, element) }
        end(UInt8(ascii: "]"))
    }

    package mutating func field(_ name: StaticString, _ value: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        // A static text's own UTF-8, which lives as long as the program.
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(
                start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
        value(&self)
    }

    package mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 { escape(byte) }
        bytes.append(UInt8(ascii: "\""))
    }

    package mutating func string(_ text: String?) {
        if let text { string(text) } else { null() }
    }

    package mutating func number(_ number: some FixedWidthInteger) {
        separate()
        bytes.append(contentsOf: String(number).utf8)
    }

    /// In milliseconds, with three digits behind the point: microseconds are what is measured.
    package mutating func milliseconds(_ span: TimeSpan?) {
        guard let span else { return null() }
        separate()
        bytes.append(contentsOf: Self.decimal(max(.zero, span).nanoseconds / 1_000, digits: 3))
    }

    package mutating func bool(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    package mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    package mutating func time(_ time: WallTime?) {
        guard let time else { return null() }
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: time.rfc3339Bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// `value` / 10^digits, without zeros at its end.
    private static func decimal(_ value: Int64, digits: Int) -> [UInt8] {
        var divisor: Int64 = 1
        for _ in 0..<digits { divisor *= 10 }
        var text = String(value / divisor)
        var rest = value % divisor
        guard rest != 0 else { return Array(text.utf8) }
        text += "."
        while rest != 0 {
            divisor /= 10
            text += String(rest / divisor)
            rest %= divisor
        }
        return Array(text.utf8)
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0..<0x20, UInt8(ascii: "<"), 0x7F:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}
