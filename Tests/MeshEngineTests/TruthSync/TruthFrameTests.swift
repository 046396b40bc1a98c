import MeshCore
import MeshMembership
import Testing

@testable import MeshEngine

@Suite struct TruthFrameTests {
    private static let key = Bytes16(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
    private static let keyBytes = Array(1...16 as ClosedRange<UInt8>)
    /// Bucket 1 is the second lowest bit of the first word.
    private static let setBytes: [UInt8] =
        [0, 0, 0, 0, 0, 0, 0, 2] + [UInt8](repeating: 0, count: 24)

    static let golden: [(TruthFrame, kind: UInt8, body: [UInt8])] = [
        (
            .buckets([UInt64](repeating: 0x0506, count: 256)), 32,
            [[UInt8]](repeating: [0, 0, 0, 0, 0, 0, 5, 6], count: 256).flatMap(\.self)
        ),
        (
            .summaries(
                [DossierSummary(key: key, epoch: 300, hash: 0x1112)], of: BucketSet([1]),
                isLast: true), 33,
            [1] + setBytes + [1] + keyBytes + [0xAC, 2, 0, 0, 0, 0, 0, 0, 0x11, 0x12]
        ),
        (.summaries([], of: BucketSet([1]), isLast: false), 33, [0] + setBytes + [0]),
        (.wants([key]), 34, [1] + keyBytes),
        (
            .dossiers([Dossier(key: key, updates: [Update(kind: 32, body: [7, 8])])]), 35,
            [1] + keyBytes + [1, 32, 2, 7, 8]
        ),
        (.end, 36, []),
    ]

    @Test(arguments: golden)
    func `a frame is written as it always was and read back`(
        frame: TruthFrame, kind: UInt8, body: [UInt8]
    ) throws {
        #expect(frame.kind == kind)
        #expect(frame.body == body)
        #expect(try TruthFrame.decode(kind: kind, body: body) == frame)
        #expect(Frame.foreignKinds.contains(kind))
    }

    @Test(arguments: golden)
    func `every truncation and every byte too many are refused`(
        frame: TruthFrame, kind: UInt8, body: [UInt8]
    ) {
        for count in 0..<body.count {
            #expect(throws: DecodeError.self) {
                try TruthFrame.decode(kind: kind, body: Array(body[..<count]))
            }
        }
        #expect(throws: DecodeError.trailing) {
            try TruthFrame.decode(kind: kind, body: body + [0])
        }
    }

    @Test(arguments: [33, 34, 35] as [UInt8])
    func `a count that the frame cannot hold is refused before anything is read`(kind: UInt8) {
        let before = kind == 33 ? [1] + Self.setBytes : []
        #expect(throws: DecodeError.tooLarge) {
            try TruthFrame.decode(kind: kind, body: before + [0xFF, 0xFF, 3])
        }
    }

    @Test func `a flag that cannot be is refused, and a later kind is nothing`() throws {
        #expect(throws: DecodeError.invalid) {
            try TruthFrame.decode(kind: 33, body: [2] + Self.setBytes + [0])
        }
        #expect(try TruthFrame.decode(kind: 99, body: [1, 2]) == nil)
    }

    @Test func `summaries are cut into frames of 32 KiB, the last one marked`() {
        let summaries = (0..<2_000).map {
            DossierSummary(
                key: Bytes16(high: 1 << 56, low: UInt64($0)), epoch: .max, hash: UInt64($0))
        }
        let frames = TruthFrame.frames(of: summaries, in: BucketSet([1]))
        var read: [DossierSummary] = []
        for (number, frame) in frames.enumerated() {
            #expect(frame.body.count <= TruthFrame.byteCountTarget)
            guard case .summaries(let part, _, let isLast) = frame else { continue }
            read += part
            #expect(isLast == (number == frames.count - 1))
        }
        #expect(read == summaries)
        #expect(TruthFrame.frames(of: [], in: BucketSet()).count == 1)
    }

    @Test func `a large dossier is cut into frames and an empty one leaves nothing`() {
        var packer = DossierPacker()
        let updates = (0..<100).map {
            Update(kind: 32, body: [UInt8](repeating: UInt8($0), count: 1_024))
        }
        let isLargeAdded = packer.add(Dossier(key: Self.key, updates: updates))
        let isEmptyAdded = packer.add(Dossier(key: .zero, updates: []))
        #expect(isLargeAdded && isEmptyAdded)
        let frames = packer.finish()
        var read: [Update] = []
        for frame in frames {
            #expect(frame.body.count <= TruthFrame.byteCountTarget)
            guard case .dossiers(let dossiers) = frame else { continue }
            #expect(dossiers.allSatisfy { $0.key == Self.key })
            read += dossiers.flatMap(\.updates)
        }
        #expect(read == updates)
        #expect(frames.count == 4)
    }

    @Test func `an update of sixty-four kibibytes goes in a frame, a larger one is refused`() throws
    {
        let largest = Update(
            kind: UpdateKind.certificate,
            body: [UInt8](repeating: 7, count: Update.streamedByteCountMax))
        var packer = DossierPacker()
        let small = Update(kind: UpdateKind.stance, body: [1])
        let isAdded = packer.add(Dossier(key: Self.key, updates: [small, largest, small]))
        #expect(isAdded)
        var read: [Update] = []
        for frame in packer.finish() {
            #expect(frame.body.count < Frame.byteCountMax)
            guard
                case .dossiers(let dossiers)? = try TruthFrame.decode(
                    kind: frame.kind, body: frame.body)
            else { continue }
            read += dossiers.flatMap(\.updates)
        }
        #expect(read == [small, largest, small])
        let tooLarge = TruthFrame.dossiers([
            Dossier(
                key: Self.key, updates: [Update(kind: largest.kind, body: largest.body + [0])])
        ])
        #expect(throws: DecodeError.tooLarge) {
            try TruthFrame.decode(kind: tooLarge.kind, body: tooLarge.body)
        }
    }

    @Test func `an exchange moves two thousand dossiers and two mebibytes at most`() {
        var many = DossierPacker()
        var added = 0
        while many.add(Dossier(key: .zero, updates: [Update(kind: 32, body: [])])) { added += 1 }
        #expect(added == DossierPacker.keysMax)
        var large = DossierPacker()
        let update = Update(kind: 32, body: [UInt8](repeating: 1, count: 1_000))
        while large.add(Dossier(key: .zero, updates: [Update](repeating: update, count: 10))) {}
        let bytes = large.finish().reduce(0) { $0 + $1.body.count }
        #expect(bytes <= DossierPacker.byteCountMax)
        #expect(bytes > DossierPacker.byteCountMax - 20_000)
    }
}
