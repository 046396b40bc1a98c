import MeshCore
import MeshPlatform

/// What is answered.
struct Response {
    var status: Int
    var type: String
    /// Beside type, length and date.
    var headers: [(String, String)] = []
    var body: Body

    enum Body {
        case bytes([UInt8])
        /// What is too long to be made in one go: a piece each time that the client has taken one.
        case stream(PieceStream)
    }

    static let json = "application/json"
    static let problem = "application/problem+json"

    /// A problem document (RFC 9457). `detail` says what is wrong with this very request.
    static func problem(
        _ status: Int, _ title: String, _ detail: String, headers: [(String, String)] = []
    ) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.field("type") { $0.string("about:blank") }
            json.field("title") { $0.string(title) }
            json.field("status") { $0.number(status) }
            json.field("detail") { $0.string(detail) }
        }
        return Response(
            status: status, type: problem, headers: headers + [("Cache-Control", "no-store")],
            body: .bytes(json.bytes))
    }

    /// A document that is short enough to be compared: with an ETag, and 304 where the client has
    /// it already.
    static func document(_ bytes: [UInt8], type: String, for request: Request) -> Response {
        var hash = StableHash()
        hash.combine(bytes)
        let tag = "\"" + String(hash.finalize(), radix: 16) + "\""
        let headers = [("ETag", tag), ("Cache-Control", "no-cache")]
        if let known = request.ifNoneMatch, matches(known, tag) {
            return Response(status: 304, type: type, headers: headers, body: .bytes([]))
        }
        return Response(status: 200, type: type, headers: headers, body: .bytes(bytes))
    }

    private static func matches(_ header: String, _ tag: String) -> Bool {
        header == "*"
            || header.split(separator: ",").contains { part in
                var known = part.drop { $0 == " " }
                while known.last == " " { known.removeLast() }
                if known.hasPrefix("W/") { known = known.dropFirst(2) }
                return known == tag
            }
    }

    /// As a document where it fits, else piece by piece, without ETag and length.
    static func pieces(_ stream: PieceStream, type: String, for request: Request) -> Response {
        guard stream.gather() else {
            return Response(
                status: 200, type: type, headers: [("Cache-Control", "no-cache")],
                body: .stream(stream))
        }
        return document(stream.takeAll(), type: type, for: request)
    }
}

/// A long body that is made a piece at a time, so that the loop is never held up by it, and nobody
/// holds all of it in memory.
final class PieceStream {
    /// What is made at once before the answer begins.
    static let gatheredMax = 65_536

    private let next: (inout [UInt8]) -> Bool
    private var made: [UInt8] = []
    private var taken = 0
    private var isOver = false

    /// `next` appends a piece, some tens of KiB at the most, and answers whether there is more.
    init(_ next: @escaping (inout [UInt8]) -> Bool) { self.next = next }

    /// Makes what fits the first answer; true if that is all there is.
    func gather() -> Bool {
        while !isOver, made.count < Self.gatheredMax { isOver = !next(&made) }
        return isOver
    }

    func takeAll() -> [UInt8] { made }

    /// At most `count` bytes; empty at the end.
    func take(atMost count: Int) -> ArraySlice<UInt8> {
        while taken == made.count, !isOver {
            made.removeAll(keepingCapacity: true)
            taken = 0
            isOver = !next(&made)
        }
        let piece = made[taken...].prefix(count)
        taken += piece.count
        return piece
    }
}
