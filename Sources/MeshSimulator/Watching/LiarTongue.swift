import MeshCore
import MeshMembership

/// What a liar says: its node's true words, some of them exchanged, left out or added to on their
/// way out and sealed again, which only who holds the node's secrets can do.
struct LiarTongue: Sendable {
    /// An entry of its log with its signature, and the other one under the same number.
    private struct Pair: Sendable {
        var honest: [UInt8]
        var twin: [UInt8]
    }

    private var pairs: [Pair] = []
    /// The first head that each receiver was sent.
    private var heads: [SocketAddress: [UInt8]] = [:]
    /// What it adds, in turn, to whatever it sends.
    private(set) var burden: [Update] = []
    private var nextBurden = 0
    private var heard: Set<Update> = []
    /// How often what left was not what its node said.
    private(set) var liesTold = 0

    private static let pairsMax = 32
    private static let burdenMax = 64
    // Kinds of update that only go from node to node; the nodes' own table is apart on purpose.
    static let hintsKind: UInt8 = 40
    static let headKind: UInt8 = 41
    /// What deciding and telling consists of: entries, certificates, births; receipts, claims and
    /// answers; records.
    private static let weightyKinds: Set<UInt8> = [32, 33, 34, 64, 65, 66, 96]
    /// What is signed, and so means the same whoever repeats it.
    private static let signedKinds: Set<UInt8> = [32, 33, 64]
    /// Datagrams are filled up to this and no further.
    private static let payloadByteCountMax = 1_100

    // MARK: Two words under one number

    /// Signs the twin of `message` too, if it has one.
    mutating func equivocate(_ stance: StanceBytes, _ signature: Signature, _ keys: FakeKeyPair) {
        guard let twin = stance.twin else { return }
        if pairs.count == Self.pairsMax { pairs.removeFirst() }
        pairs.append(
            Pair(
                honest: stance.body(with: signature),
                twin: StanceBytes.body(twin, stance.bodyStart, keys.sign(twin))))
    }

    /// `bytes` with every entry that has a twin exchanged for it.
    mutating func exchanged(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for pair in pairs {
            guard let place = Self.place(of: pair.honest, in: result) else { continue }
            result.replaceSubrange(place..<place + pair.honest.count, with: pair.twin)
            liesTold += 1
        }
        return result
    }

    private static func place(of part: [UInt8], in whole: [UInt8]) -> Int? {
        guard !part.isEmpty, whole.count >= part.count else { return nil }
        return (0...whole.count - part.count).first { start in
            whole[start] == part[0] && whole[start..<start + part.count].elementsEqual(part)
        }
    }

    // MARK: Old words

    /// A payload with its head, if it bears one, exchanged for the first that this receiver was
    /// sent.
    mutating func aged(_ payload: [UInt8], to address: SocketAddress) -> [UInt8] {
        guard var parts = Parts(payload),
            let place = parts.updates.firstIndex(where: { $0.kind == Self.headKind })
        else { return payload }
        guard let old = heads[address] else {
            heads[address] = parts.updates[place].body
            return payload
        }
        if parts.updates[place].body != old { liesTold += 1 }
        parts.updates[place].body = old
        // An old head may be larger than the true one.
        while parts.bytes.count > Self.payloadByteCountMax, parts.updates.count > place + 1 {
            parts.updates.removeLast()
        }
        return parts.bytes
    }

    /// Keeps what is signed in a payload, to say it again.
    mutating func remember(_ payload: [UInt8]) {
        for update in Parts(payload)?.updates ?? [] where Self.signedKinds.contains(update.kind) {
            guard burden.count < Self.burdenMax, heard.insert(update).inserted else { continue }
            burden.append(update)
        }
    }

    // MARK: More words, or fewer

    /// Something to add to what it sends from now on; the oldest gives way.
    mutating func take(_ update: Update) {
        if burden.count == Self.burdenMax { burden.removeFirst() }
        burden.append(update)
    }

    /// A payload with the next of what it adds behind it. Answers are left as they are: they may be
    /// no larger than what they answer.
    mutating func burdened(_ payload: [UInt8]) -> [UInt8] {
        guard !burden.isEmpty, let parts = Parts(payload), parts.mayGrow else { return payload }
        nextBurden = (nextBurden + 1) % burden.count
        let update = burden[nextBurden]
        guard payload.count + update.encodedByteCount <= Self.payloadByteCountMax else {
            return payload
        }
        liesTold += 1
        var writer = ByteWriter()
        writer.writeRaw(payload)
        writer.write(update)
        return writer.bytes
    }

    /// A payload without what deciding and telling consists of.
    mutating func silenced(_ payload: [UInt8]) -> [UInt8] {
        guard var parts = Parts(payload),
            parts.updates.contains(where: { Self.weightyKinds.contains($0.kind) })
        else { return payload }
        parts.updates.removeAll { Self.weightyKinds.contains($0.kind) }
        liesTold += 1
        return parts.bytes
    }

    /// A payload as an onlooker takes it apart.
    private struct Parts {
        var message: Message
        var updates: [Update] = []

        init?(_ payload: [UInt8]) {
            var reader = ByteReader(payload)
            do throws(DecodeError) {
                message = try Message.decode(&reader)
                while !reader.isAtEnd { updates.append(try reader.readUpdate()) }
            } catch {
                return nil
            }
        }

        var mayGrow: Bool {
            switch message {
            case .ping, .gossip: true
            case .ack, .pingRequest, .nack, .foreign, .unknown: false
            }
        }

        var bytes: [UInt8] {
            var writer = ByteWriter()
            message.write(to: &writer)
            for update in updates { writer.write(update) }
            return writer.bytes
        }
    }
}
