import MeshConfiguration
import MeshCore
import MeshHTTPClient
import MeshPlatform

/// Asks a node. A protocol, so that a test can be the node.
protocol APIClient {
    /// Any status is an answer.
    func get(_ path: String) throws(APIFailure) -> APIAnswer
    func post(_ path: String, _ body: [UInt8], token: String?) throws(APIFailure) -> APIAnswer
}

struct APIAnswer: Hashable {
    var status: Int
    var body: [UInt8]
}

/// Why there is nothing to show: no answer, or one that says no. Exit 1.
struct APIFailure: Error, Hashable {
    let message: String
    init(_ message: String) { self.message = message }
}

/// A node's endpoint, over HTTP.
struct HTTPAPIClient: APIClient {
    /// A node answers from what it holds: this is for the network.
    private static let timeout = TimeSpan.seconds(10)

    /// Without a slash at its end.
    let base: String

    func get(_ path: String) throws(APIFailure) -> APIAnswer {
        try answer { () throws(TransferError) in
            try BlockingHTTP.get(
                url: base + path,
                headers: [HTTPField("Accept", "application/json")].compactMap(\.self),
                timeout: Self.timeout)
        }
    }

    func post(_ path: String, _ body: [UInt8], token: String?) throws(APIFailure) -> APIAnswer {
        let fields = [
            HTTPField("Content-Type", "application/json"),
            token.flatMap { HTTPField("Authorization", "Bearer \($0)") },
        ]
        let headers = fields.compactMap(\.self)
        return try answer { () throws(TransferError) in
            try BlockingHTTP.post(
                url: base + path, body: body, headers: headers, timeout: Self.timeout)
        }
    }

    private func answer(
        _ ask: () throws(TransferError) -> HTTPResponse
    ) throws(APIFailure) -> APIAnswer {
        do throws(TransferError) {
            let response = try ask()
            guard !response.isBodyCut else {
                throw TransferError(
                    .notHTTP, blame: .target,
                    "its answer is larger than \(HTTPRequest.bodyByteCountMax) bytes")
            }
            return APIAnswer(status: response.status, body: response.body)
        } catch {
            let hint = error.kind == .cannotConnect ? ": is a node running there? (--node URL)" : ""
            throw APIFailure("\(base): \(error)\(hint)")
        }
    }
}

extension APIClient {
    /// The JSON of a good answer, with its bytes; otherwise what the problem document says.
    func document(_ path: String) throws(APIFailure) -> (JSONNode, [UInt8]) {
        let answer = try get(path)
        return (try answer.checked(), answer.body)
    }
}

extension APIAnswer {
    func checked() throws(APIFailure) -> JSONNode {
        let root = try? JSONParser.parse(body).root
        guard (200..<300).contains(status) else {
            let said = [root?["title"]?.text, root?["detail"]?.text].compactMap(\.self)
            let words = said.isEmpty ? "no reason was given" : said.joined(separator: ": ")
            throw APIFailure("the node answered \(status): \(words)")
        }
        guard let root else { throw APIFailure("the node's answer is no JSON: is it a node?") }
        return root
    }
}

/// Escapes what a URL's path or query cannot hold (RFC 3986, 2.3).
func percentEncoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { encoded, byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
        }
    }
}
