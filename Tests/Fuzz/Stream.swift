import MeshCore
import MeshMembership

/// A stream's bytes, which arrive in pieces: the first byte says how long each is.
enum Target: FuzzTarget {
    static let seeds: [[UInt8]] =
        Seeds.frames.map { [200] + $0.encoded() } + [[7] + Seeds.frames.flatMap { $0.encoded() }]

    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let size = max(1, Int(first))
        let inPieces = frames(of: bytes, pieceSize: size)
        let atOnce = frames(of: bytes, pieceSize: bytes.count)
        precondition(inPieces == atOnce, "expected the same frames however the bytes are cut")

        for frame in inPieces {
            let encoded = frame.encoded()
            let again = frames(of: [0] + encoded, pieceSize: encoded.count)
            precondition(again == [frame], "expected the same frame")
        }
    }

    static func frames(of bytes: [UInt8], pieceSize: Int) -> [Frame] {
        var assembler = FrameAssembler()
        var frames: [Frame] = []
        for start in stride(from: 1, to: bytes.count, by: pieceSize) {
            assembler.append(Array(bytes[start..<min(start + pieceSize, bytes.count)]))
            do {
                while let frame = try assembler.next() { frames.append(frame) }
            } catch {
                return frames
            }
        }
        return frames
    }
}
