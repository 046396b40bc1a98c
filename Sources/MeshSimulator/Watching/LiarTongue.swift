import MeshCore
import MeshMembership

/// What a liar says: its node's true words, some of them exchanged on their way out and sealed
/// again, which only who holds the node's secrets can do.
struct LiarTongue: Sendable {
    /// An entry of its log with its signature, and the other one under the same number.
    private struct Pair: Sendable {
        var honest: [UInt8]
        var twin: [UInt8]
    }

    private var pairs: [Pair] = []
    /// The first head that each receiver was sent.
    private var heads: [SocketAddress: [UInt8]] = [:]

    private static let pairsMax = 32
    /// The kind of the update that is a head.
    static let headKind: UInt8 = 41

    /// Signs the twin of `message` too, if it has one.
    mutating func equivocate(_ stance: StanceBytes, _ signature: Signature, _ keys: FakeKeyPair) {
        guard let twin = stance.twin else { return }
        if pairs.count == Self.pairsMax { pairs.removeFirst() }
        pairs.append(
            Pair(
                honest: Self.body(stance.message, stance.bodyStart, signature),
                twin: Self.body(twin, stance.bodyStart, keys.sign(twin))))
    }

    private static func body(_ message: [UInt8], _ start: Int, _ signature: Signature) -> [UInt8] {
        var writer = ByteWriter()
        writer.writeRaw(Array(message[start...]))
        writer.write(signature)
        return writer.bytes
    }

    /// `bytes` with every entry that has a twin exchanged for it.
    func exchanged(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for pair in pairs {
            guard let place = Self.place(of: pair.honest, in: result) else { continue }
            result.replaceSubrange(place..<place + pair.honest.count, with: pair.twin)
        }
        return result
    }

    /// A payload with its head, if it bears one, exchanged for the first that this receiver was
    /// sent.
    mutating func aged(_ payload: [UInt8], to address: SocketAddress) -> [UInt8] {
        var reader = ByteReader(payload)
        do throws(DecodeError) {
            let message = try Message.decode(&reader)
            var updates: [Update] = []
            while !reader.isAtEnd { updates.append(try reader.readUpdate()) }
            guard let place = updates.firstIndex(where: { $0.kind == Self.headKind }) else {
                return payload
            }
            guard let old = heads[address] else {
                heads[address] = updates[place].body
                return payload
            }
            updates[place].body = old
            var writer = ByteWriter(reservingCapacity: payload.count)
            message.write(to: &writer)
            for update in updates { writer.write(update) }
            return writer.bytes
        } catch {
            return payload
        }
    }

    private static func place(of part: [UInt8], in whole: [UInt8]) -> Int? {
        guard !part.isEmpty, whole.count >= part.count else { return nil }
        return (0...whole.count - part.count).first { start in
            whole[start] == part[0] && whole[start..<start + part.count].elementsEqual(part)
        }
    }
}
