import MeshConfiguration
import MeshCore
import MeshVerdicts

/// A certificate as people hold it: its bytes, or the JSON that a node answers for a flip, with the
/// bytes in `certificate`, in base64 or hexadecimal.
struct CertificateFile {
    /// In hexadecimal twice as much, and then what JSON puts around it.
    static let byteCountMax = 2 * Certificate.byteCountMax + 256 * 1_024

    let encoded: [UInt8]
    /// What the JSON says besides, which proves nothing by itself: the mesh's name is hashed into
    /// what was signed, and a check's name into its id.
    var mesh: String?
    var checkName: String?

    struct Fault: Error, Hashable {
        let message: String
    }

    init(_ bytes: [UInt8]) throws(Fault) {
        guard bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"),
            let root = try? JSONParser.parse(bytes).root
        else {
            encoded = bytes
            return
        }
        guard let text = root["certificate"]?.text, let decoded = Self.decode(text) else {
            throw Fault(message: "the file has no \"certificate\" in base64 or hexadecimal")
        }
        encoded = decoded
        mesh = root["mesh"]?.text ?? root["mesh"]?["name"]?.text
        checkName = root["check"]?.text ?? root["check"]?["name"]?.text
    }

    func certificate(
        in mesh: MeshID, using cryptography: any Cryptography
    ) throws(Fault) -> Certificate {
        do throws(DecodeError) {
            return try Certificate.decode(
                ByteReader(encoded), mesh: mesh, cryptography: cryptography)
        } catch {
            switch error {
            case .truncated: throw Fault(message: "the file is no certificate: it ends too early")
            case .tooLarge: throw Fault(message: "the file is no certificate: it is too large")
            case .invalid, .trailing:
                throw Fault(
                    message: "the file is no certificate: its bytes are not in the one form")
            }
        }
    }

    /// Text in hexadecimal would be base64, too; no certificate is so poor in letters.
    private static func decode(_ text: String) -> [UInt8]? {
        hexadecimal(text) ?? base64(text)
    }

    private static func hexadecimal(_ text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    /// With or without the padding, in either alphabet (RFC 4648).
    private static func base64(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            case UInt8(ascii: "="): continue
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        }
        return bytes
    }
}
