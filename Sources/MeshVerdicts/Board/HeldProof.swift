import MeshCore

/// A certificate as it is held beside its flip: without the fields in front, which are the flip's
/// own. They are a sixth of it, at every node and for every check.
struct HeldProof: Sendable {
    /// What follows the flip's fields; empty for a flip without a proof.
    private var rest: [UInt8] = []

    init() {}

    /// Expects the encoding of a certificate of `flip`, or none. What is kept of it takes no more
    /// room than it needs, whatever room `encoded` has.
    init(of flip: Flip, _ encoded: [UInt8]) {
        guard !encoded.isEmpty else { return }
        let fields = flip.leadingFields
        precondition(
            encoded.count > fields.count && encoded.starts(with: fields),
            "expected a certificate of the flip that it is held beside")
        rest = Array(encoded[fields.count...])
    }

    var isEmpty: Bool { rest.isEmpty }
    var storageByteCount: Int { rest.isEmpty ? 0 : 32 + rest.capacity }

    /// The certificate as it travels. Expects the flip that it was held beside.
    func encoded(of flip: Flip) -> [UInt8] { rest.isEmpty ? [] : flip.leadingFields + rest }

    /// Whether these bytes occur among what was signed.
    func holds(_ write: (inout ByteWriter) -> Void) -> Bool {
        var writer = ByteWriter(reservingCapacity: 64)
        write(&writer)
        let wanted = writer.bytes
        guard let first = wanted.first, rest.count >= wanted.count else { return false }
        return rest.indices.prefix(rest.count - wanted.count + 1).contains { start in
            rest[start] == first && rest[start..<start + wanted.count].elementsEqual(wanted)
        }
    }
}
