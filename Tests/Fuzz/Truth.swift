import MeshCore
import MeshEngine
import MeshMembership

/// Frames of an exchange of dossiers, and an exchange with a peer that says anything: the first byte
/// says whether this node has opened it, then each frame is a kind, a length of two bytes, a body.
enum Target: FuzzTarget {
    private static let key = Bytes16(high: 1 << 56, low: 5)
    private static let frames: [TruthFrame] = [
        .buckets([UInt64](repeating: 5, count: TruthDigest.bucketCount)),
        .summaries(
            [DossierSummary(key: key, epoch: 300, hash: 9)], of: BucketSet([1, 255]), isLast: true),
        .wants([key]), .dossiers([Dossier(key: key, updates: Seeds.updatesOfChecks)]), .end,
    ]

    static var seeds: [[UInt8]] {
        func script(_ first: UInt8, _ frames: [TruthFrame]) -> [UInt8] {
            [first]
                + frames.flatMap { frame in
                    let body = frame.body
                    return [frame.kind, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
                }
        }
        return [
            script(0, frames), script(0, [frames[0], frames[2], frames[3], frames[4]]),
            script(1, [frames[1], frames[3], frames[4]]),
        ]
    }

    static func run(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let first = try? reader.readUInt8() else { return }
        var sync = TruthSync()
        var generator = SeededGenerator(seed: 1)
        let (now, stream) = (Instant.zero + .hours(1), StreamID(1))
        if first & 1 == 1 {
            sync.force(Seeds.node, now: now)
            sync.handle(opened: stream, to: Seeds.node, now: now)
            sync.handle(
                .opened, on: stream, from: nil, source: Shelf(), now: now, using: &generator)
        }
        while let kind = try? reader.readUInt8(), let count = try? reader.readUInt16(),
            let body = try? reader.readRaw(min(Int(count), reader.remaining))
        {
            if let frame = try? TruthFrame.decode(kind: kind, body: Array(body)) {
                precondition(
                    (try? TruthFrame.decode(kind: frame.kind, body: frame.body)) == frame,
                    "expected the same frame")
            }
            sync.handle(
                .frame(kind: kind, body: Array(body)), on: stream, from: Seeds.node,
                source: Shelf(), now: now, using: &generator)
            while let effect = sync.popEffect() {
                guard case .write(_, let written, _) = effect else { continue }
                precondition(written.count < Frame.byteCountMax, "expected a frame in its bound")
            }
        }
        sync.handle(
            .closed, on: stream, from: Seeds.node, source: Shelf(), now: now, using: &generator)
        precondition(!sync.owns(stream), "expected the stream to be forgotten")
    }

    /// Holds a few dossiers, one of them large.
    private struct Shelf: DossierSource {
        private static let digest: TruthDigest = {
            var digest = TruthDigest()
            for number in 0..<4 as Range<UInt64> {
                digest.update(Bytes16(high: number << 56, low: 5), from: nil, to: number + 1)
            }
            return digest
        }()

        var truthDigest: TruthDigest { Self.digest }
        func summaries(inBucket bucket: Int) -> [DossierSummary] {
            guard bucket < 4 else { return [] }
            let key = Bytes16(high: UInt64(bucket) << 56, low: 5)
            return [DossierSummary(key: key, epoch: 2, hash: UInt64(bucket) + 1)]
        }
        func dossier(of key: Bytes16) -> [Update] {
            guard key.low == 5, key.high >> 56 < 4 else { return [] }
            return Seeds.updatesOfChecks + [
                Update(
                    kind: UpdateKind.certificate,
                    body: [UInt8](repeating: 1, count: Update.streamedByteCountMax))
            ]
        }
    }
}
