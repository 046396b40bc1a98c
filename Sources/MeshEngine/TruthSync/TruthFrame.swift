package import MeshCore

/// One unit of an exchange of dossiers: the body of a stream's frame.
///
///     opener:    buckets ->
///     accepter:              <- summaries … (the last one says so)
///     opener:    wants, dossiers …, end ->
///     accepter:              <- dossiers …, end
package enum TruthFrame: Hashable, Sendable {
    /// A full frame is sent once it holds this much. Only one update that alone is larger, at most
    /// `Update.streamedByteCountMax`, makes a longer one.
    package static let byteCountTarget = 32 * 1_024

    /// The digest of each bucket of the sender.
    case buckets([UInt64])
    /// Of all that the sender holds in these buckets, which are the same in every such frame of one
    /// exchange.
    case summaries([DossierSummary], of: BucketSet, isLast: Bool)
    /// Send me these.
    case wants([Bytes16])
    /// A dossier may be cut in two, with its key in both.
    case dossiers([Dossier])
    /// Everything asked for, or worth telling, has been sent.
    case end

    package enum Kind {
        package static let buckets: UInt8 = 32
        static let summaries: UInt8 = 33
        static let wants: UInt8 = 34
        static let dossiers: UInt8 = 35
        static let end: UInt8 = 36
    }

    private static let summaryByteCountMin = 25
    private static let summaryByteCountMax = 34
    private static let dossierByteCountMin = 17

    package var kind: UInt8 {
        switch self {
        case .buckets: Kind.buckets
        case .summaries: Kind.summaries
        case .wants: Kind.wants
        case .dossiers: Kind.dossiers
        case .end: Kind.end
        }
    }

    package var body: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        switch self {
        case .buckets(let digests):
            for digest in digests { writer.write(digest) }
        case .summaries(let summaries, let buckets, let isLast):
            writer.write((isLast ? 1 : 0) as UInt8)
            buckets.write(to: &writer)
            writer.writeVarint(UInt64(summaries.count))
            for summary in summaries {
                writer.write(summary.key)
                writer.writeVarint(summary.epoch)
                writer.write(summary.hash)
            }
        case .wants(let keys):
            writer.writeVarint(UInt64(keys.count))
            for key in keys { writer.write(key) }
        case .dossiers(let dossiers):
            writer.writeVarint(UInt64(dossiers.count))
            for dossier in dossiers {
                writer.write(dossier.key)
                writer.writeVarint(UInt64(dossier.updates.count))
                for update in dossier.updates { writer.write(update) }
            }
        case .end:
            break
        }
        return writer.bytes
    }

    /// `nil` for a kind of a later version. Trailing bytes are an error.
    package static func decode(kind: UInt8, body: [UInt8]) throws(DecodeError) -> TruthFrame? {
        var reader = ByteReader(body)
        guard let frame = try decode(kind: kind, &reader) else { return nil }
        try reader.requireEnd()
        return frame
    }

    private static func decode(
        kind: UInt8, _ reader: inout ByteReader
    ) throws(DecodeError) -> TruthFrame? {
        switch kind {
        case Kind.buckets:
            var digests: [UInt64] = []
            for _ in 0..<TruthDigest.bucketCount { digests.append(try reader.readUInt64()) }
            return .buckets(digests)
        case Kind.summaries:
            let flag = try reader.readUInt8()
            guard flag <= 1 else { throw .invalid }
            let buckets = try BucketSet.decode(&reader)
            var summaries: [DossierSummary] = []
            for _ in 0..<(try readCount(&reader, each: summaryByteCountMin)) {
                summaries.append(
                    DossierSummary(
                        key: try reader.readBytes16(), epoch: try reader.readVarint(),
                        hash: try reader.readUInt64()))
            }
            return .summaries(summaries, of: buckets, isLast: flag == 1)
        case Kind.wants:
            var keys: [Bytes16] = []
            for _ in 0..<(try readCount(&reader, each: 16)) {
                keys.append(try reader.readBytes16())
            }
            return .wants(keys)
        case Kind.dossiers:
            var dossiers: [Dossier] = []
            for _ in 0..<(try readCount(&reader, each: dossierByteCountMin)) {
                var dossier = Dossier(key: try reader.readBytes16(), updates: [])
                for _ in 0..<(try readCount(&reader, each: 2)) {
                    dossier.updates.append(
                        try reader.readUpdate(atMost: Update.streamedByteCountMax))
                }
                dossiers.append(dossier)
            }
            return .dossiers(dossiers)
        case Kind.end:
            return .end
        default:
            return nil
        }
    }

    /// A count that the bytes left can hold.
    private static func readCount(
        _ reader: inout ByteReader, each byteCount: Int
    ) throws(DecodeError) -> Int {
        let count = try reader.readVarint()
        guard count <= UInt64(reader.remaining / byteCount) else { throw .tooLarge }
        return Int(count)
    }

    // MARK: Cutting into frames

    /// At least one frame, the last one marked.
    static func frames(of summaries: [DossierSummary], in buckets: BucketSet) -> [TruthFrame] {
        let header = 1 + BucketSet.byteCount + 3
        let each = (byteCountTarget - header) / summaryByteCountMax
        var frames: [TruthFrame] = []
        var start = 0
        repeat {
            let end = min(start + each, summaries.count)
            frames.append(
                .summaries(
                    Array(summaries[start..<end]), of: buckets, isLast: end == summaries.count))
            start = end
        } while start < summaries.count
        return frames
    }
}

/// Cuts dossiers into frames as they come, within what one exchange may move in one direction.
struct DossierPacker: Sendable {
    /// Keys and bytes of dossiers in one exchange and one direction. The rest goes next time.
    static let keysMax = 2_000
    static let byteCountMax = 2 * 1_024 * 1_024

    private(set) var frames: [TruthFrame] = []
    private var dossiers: [Dossier] = []
    private var byteCount = 0
    private var totalByteCount = 0
    private var keysCount = 0

    /// False if the dossier does not go with this exchange.
    mutating func add(_ dossier: Dossier) -> Bool {
        let size = dossier.updates.reduce(Self.overhead) { $0 + $1.encodedByteCount }
        guard keysCount < Self.keysMax, totalByteCount + size <= Self.byteCountMax else {
            return false
        }
        keysCount += 1
        totalByteCount += size
        begin(dossier.key)
        for update in dossier.updates {
            if byteCount + update.encodedByteCount > TruthFrame.byteCountTarget {
                close()
                begin(dossier.key)
            }
            dossiers[dossiers.count - 1].updates.append(update)
            byteCount += update.encodedByteCount
        }
        return true
    }

    mutating func finish() -> [TruthFrame] {
        close()
        return frames
    }

    /// Key, count and its share of the frame.
    private static let overhead = 16 + 3

    private mutating func begin(_ key: Bytes16) {
        if byteCount + Self.overhead > TruthFrame.byteCountTarget { close() }
        dossiers.append(Dossier(key: key, updates: []))
        byteCount += Self.overhead
    }

    private mutating func close() {
        dossiers.removeAll { $0.updates.isEmpty }
        if !dossiers.isEmpty { frames.append(.dossiers(dossiers)) }
        dossiers = []
        byteCount = 0
    }
}
