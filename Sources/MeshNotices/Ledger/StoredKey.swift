import MeshCore

/// Under which keys telling keeps things on disk: a word of its own, then what it belongs to.
enum StoredKey {
    static let told = Array("notices.told.".utf8)
    static let failed = Array("notices.failed.".utf8)
    static let claim = Array("notices.claim.".utf8)
    static let record = Array("notices.record.".utf8)

    static func of(_ receipt: Receipt) -> [UInt8] {
        guard !receipt.isSent else { return told + receipt.line.key }
        var writer = ByteWriter(reservingCapacity: 64)
        writer.writeRaw(failed)
        writer.writeRaw(receipt.line.key)
        writer.write(receipt.node.bytes)
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
