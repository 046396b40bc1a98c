package import MeshCore

/// Answers as a broken or malicious server gives them: good ones, a few of whose bytes were changed,
/// cut out, doubled or swapped. A seed makes the same ones again.
package enum AnswerMangler {
    private static let answers = [
        "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\": \"ok\"}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"status\": \"ok\"}\r\n0\r\nX-T: a\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n{\"status\": \"ok\"}",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 302 Found\r\nLocation: /other?a=b#c\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nSet-Cookie: a=b; Path=/\r\nAlt-Svc: h2=\":443\"\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n"
            + "\u{1f}\u{8b}\u{8}\0\0\0\0\0\0\u{3}\u{cb}\u{cf}\u{6}\0\u{47}\u{dd}\u{dc}\u{79}\u{2}\0\0\0",
        "HTTP/2 200\r\n\r\n",
        "",
    ].map { text in text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

    package static func http(using generator: inout SeededGenerator) -> [UInt8] {
        mangled(answers[Int(generator.next() % UInt64(answers.count))], using: &generator)
    }

    /// Up to seven changes; none in one of eight.
    package static func mangled(
        _ bytes: [UInt8], using generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = bytes
        func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(max(1, bound))) }
        for _ in 0..<below(8) where !bytes.isEmpty {
            let place = below(bytes.count)
            let end = min(bytes.count, place + 1 + below(16))
            switch below(7) {
            case 0: bytes[place] = UInt8(below(256))
            case 1: bytes[place] ^= 1 << below(8)
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count))
            case 4: bytes.removeSubrange(place...)
            case 5: bytes.swapAt(place, below(bytes.count))
            default:
                let words = ["\r\n", "\0", "99999999999999999999", "-1", "\u{ff}", ":", "chunked"]
                bytes.insert(contentsOf: Array(words[below(words.count)].utf8), at: place)
            }
        }
        return bytes
    }
}
