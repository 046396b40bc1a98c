import Glibc
package import MeshCore

/// A node's identity on its disk: the 32 bytes that its Ed25519 key grows from (RFC 8032, 5.1.5),
/// and when they were made. Made at the first start; whoever can read it can be the node.
///
/// One line: `checkmesh-node-key-1 SEED BORN`, the seed in 64 hexadecimal digits, the time in
/// seconds since 1970.
package struct NodeKeyFile: Sendable, Hashable {
    package let seed: Bytes32
    /// When the key was made, in seconds since 1970: which of two holders of a name is the older.
    package let born: UInt64

    private static let word = "checkmesh-node-key-1"
    /// More than the longest line.
    private static let byteCountMax = 256

    /// Why there is no key. The file has not been touched.
    package enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// Others than the owner may read or write it.
        case permissive(path: String, mode: UInt32)
        /// It is not what was written.
        case malformed(path: String)
        case system(SystemError)

        package var description: String {
            switch self {
            case .permissive(let path, let mode):
                "\(path) is open to others (mode \(String(mode, radix: 8))): it is the node's "
                    + "identity; run chmod 600 \(path), or, if others may have read it, remove it "
                    + "and let the node make a new one"
            case .malformed(let path):
                "\(path) holds no node key: restore it from a copy, or remove it to become a new "
                    + "node"
            case .system(let error): error.description
            }
        }
    }

    package init(seed: Bytes32, born: UInt64) {
        self.seed = seed
        self.born = born
    }

    /// Reads the key at `path`; `nil` where there is no file.
    package static func read(_ path: String) throws(Fault) -> NodeKeyFile? {
        let contents: AtomicFile.Contents
        do throws(SystemError) {
            contents = try AtomicFile.read(path, byteCountMax: byteCountMax)
        } catch  where error.code == ENOENT { return nil } catch  where error.code == EFBIG {
            throw .malformed(path: path)
        } catch { throw .system(error) }
        guard contents.mode & 0o077 == 0 else {
            throw .permissive(path: path, mode: contents.mode)
        }
        guard let key = parse(contents.bytes) else { throw .malformed(path: path) }
        return key
    }

    /// Reads the key at `path`, or makes one of `newSeed` at the first start. It is on the disk
    /// when this returns.
    package static func readOrMake(
        _ path: String, now: WallTime, newSeed: () -> Bytes32
    ) throws(Fault) -> NodeKeyFile {
        if let key = try read(path) { return key }
        let key = NodeKeyFile(seed: newSeed(), born: now.milliseconds / 1_000)
        do throws(SystemError) { try AtomicFile.write(key.line, to: path) } catch {
            throw .system(error)
        }
        return key
    }

    private var line: [UInt8] {
        let digits = seed.high.hexadecimal + seed.low.hexadecimal
        return Array("\(Self.word) \(digits) \(born)\n".utf8)
    }

    private static func parse(_ bytes: [UInt8]) -> NodeKeyFile? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasSuffix("\n") else { return nil }
        let parts = text.dropLast().split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == word, parts[1].utf8.count == 64,
            parts[1].utf8.allSatisfy(isHexadecimal), let born = UInt64(parts[2])
        else { return nil }
        var words: [UInt64] = []
        var rest = parts[1]
        while !rest.isEmpty {
            guard let word = UInt64(rest.prefix(16), radix: 16) else { return nil }
            words.append(word)
            rest = rest.dropFirst(16)
        }
        let seed = Bytes32(
            high: Bytes16(high: words[0], low: words[1]),
            low: Bytes16(high: words[2], low: words[3]))
        return NodeKeyFile(seed: seed, born: born)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
