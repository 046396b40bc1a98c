/// H of the design: SHA-256 over a domain word and fields, each with its length before it, cut to
/// 16 bytes. The lengths keep two lists of fields from reading as one; the word keeps an id of one
/// kind from ever being one of another.
package struct TaggedHash: Sendable {
    private var writer = ByteWriter(reservingCapacity: 128)

    package init(_ domain: String) { writer.writePrefixed(Array(domain.utf8)) }

    package mutating func combine(_ field: [UInt8]) { writer.writePrefixed(field) }

    package mutating func combine(_ id: Bytes16) {
        writer.writeVarint(16)
        writer.write(id)
    }

    /// A number of at most 64 bits, as its eight bytes.
    package mutating func combine(_ number: UInt64) {
        writer.writeVarint(8)
        writer.write(number)
    }

    package func finalize(using cryptography: any Cryptography) -> Bytes16 {
        cryptography.sha256(writer.bytes).high
    }
}
