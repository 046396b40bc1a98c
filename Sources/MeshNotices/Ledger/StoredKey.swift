import MeshCore

/// Under which keys telling keeps things on disk: a word of its own, then what it belongs to.
enum StoredKey {
    static let told = Array("notices.told.".utf8)
    static let failed = Array("notices.failed.".utf8)
    static let claim = Array("notices.claim.".utf8)
    static let record = Array("notices.record.".utf8)

    static func of(_ receipt: Receipt) -> [UInt8] {
        let isOfMesh = receipt.topic.kind == .mesh
        guard !receipt.isSent || isOfMesh else { return told + receipt.line.key }
        var writer = ByteWriter(reservingCapacity: 80)
        writer.writeRaw(receipt.isSent ? told : failed)
        writer.writeRaw(receipt.line.key)
        writer.write(receipt.node.bytes)
        // Two of these may be kept on one line.
        if receipt.isSent {
            writer.write(receipt.generation)
            writer.write(receipt.sequence)
        }
        return writer.bytes
    }

    static func ofClaim(on line: Line) -> [UInt8] { claim + line.key }

    static func of(_ subject: RecordSubject) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 32)
        writer.writeRaw(record)
        writer.write(subject.bytes)
        return writer.bytes
    }
}
