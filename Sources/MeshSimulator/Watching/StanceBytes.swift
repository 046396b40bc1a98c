import MeshCore

/// What a node is asked to sign about a check, as an onlooker reads it: enough to know a
/// withdrawal and to turn one dissent into another. The nodes have their own codec, and this one
/// is written apart from it on purpose.
///
///     domain l | mesh 16 | check 16 | definition 16 | birth 16 | parent 16 | epoch v |
///     node 16 | generation v | sequence v | stance 1 | …
struct StanceBytes: Sendable {
    let message: [UInt8]
    /// Where the body begins: behind the domain and the mesh.
    let bodyStart: Int
    private let stanceOffset: Int

    private static let withdrawn: UInt8 = 0
    /// Above this a stance is a dissent or an opinion, with the state in its low bits.
    private static let statedMin: UInt8 = 16

    /// `nil` if the message is no stance.
    init?(_ message: [UInt8]) {
        var reader = ByteReader(message)
        do throws(DecodeError) {
            let domain = try reader.readPrefixed(atMost: 64)
            guard domain.elementsEqual(SignatureDomain.stance.rawValue.utf8) else { return nil }
            _ = try reader.readBytes16()
            bodyStart = message.count - reader.remaining
            for _ in 0..<4 { _ = try reader.readBytes16() }
            _ = try reader.readVarint()
            _ = try reader.readBytes16()
            _ = try reader.readVarint()
            _ = try reader.readVarint()
            stanceOffset = message.count - reader.remaining
            _ = try reader.readUInt8()
        } catch {
            return nil
        }
        self.message = message
    }

    var isWithdrawal: Bool { message[stanceOffset] == Self.withdrawn }

    /// The entry as it is sent: without domain and mesh, and signed.
    func body(with signature: Signature) -> [UInt8] { Self.body(message, bodyStart, signature) }

    static func body(_ message: [UInt8], _ start: Int, _ signature: Signature) -> [UInt8] {
        var writer = ByteWriter()
        writer.writeRaw(Array(message[start...]))
        writer.write(signature)
        return writer.bytes
    }

    /// Another entry under the same number: of another state. `nil` for one without a state.
    var twin: [UInt8]? {
        guard message[stanceOffset] >= Self.statedMin else { return nil }
        var twin = message
        // Up for down, down for up and degraded.
        let state = twin[stanceOffset] & 15
        twin[stanceOffset] = twin[stanceOffset] - state + (state == 2 ? 0 : 2)
        return twin
    }
}
