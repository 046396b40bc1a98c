import MeshConfiguration
import MeshCore

/// Public keys in a file: one on each line (`#` begins a comment), or the `roster` of a mesh.json.
enum Roster {
    static let byteCountMax = 1_024 * 1_024

    struct Fault: Error, Hashable {
        let message: String
    }

    static func read(_ bytes: [UInt8]) throws(Fault) -> Set<PublicKey> {
        let first = bytes.first { $0 > 0x20 }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            let root = try? JSONParser.parse(bytes).root
        {
            let list = root["mesh"]?["roster"] ?? root["roster"] ?? root
            return try keys(list.elements.map { $0.text ?? "" })
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        let words = lines.map { line in
            line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        return try keys(words.compactMap(\.self))
    }

    private static func keys(_ texts: [String]) throws(Fault) -> Set<PublicKey> {
        var keys: Set<PublicKey> = []
        for (index, text) in texts.enumerated() {
            guard let bytes = Bytes32(hexadecimal: text) else {
                throw Fault(message: "entry \(index + 1) is no public key of 64 digits")
            }
            keys.insert(PublicKey(bytes))
        }
        guard !keys.isEmpty else { throw Fault(message: "lists no public key") }
        return keys
    }
}
