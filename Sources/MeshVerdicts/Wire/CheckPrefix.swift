package import MeshChecks
import MeshCore

/// The first 8 bytes of a CheckID: enough between two nodes that both know the check. Where a node
/// has two checks with one prefix, it takes what is said of it as said of neither.
package struct CheckPrefix: Hashable, Sendable, Comparable {
    /// Prefixes in one message. More are sent in further messages; a head says *all* instead.
    package static let listCountMax = 64

    package var word: UInt64

    package init(_ word: UInt64) { self.word = word }
    package init(of check: CheckID) { word = check.bytes.high }

    package static func < (left: CheckPrefix, right: CheckPrefix) -> Bool { left.word < right.word }
}

extension ByteWriter {
    /// count 1 | prefixes 8
    mutating func write(_ prefixes: [CheckPrefix]) {
        precondition(
            prefixes.count <= CheckPrefix.listCountMax, "expected a list within its bound")
        write(UInt8(prefixes.count))
        for prefix in prefixes { write(prefix.word) }
    }
}

extension ByteReader {
    mutating func readCheckPrefixes() throws(DecodeError) -> [CheckPrefix] {
        let count = try readListCount(atMost: CheckPrefix.listCountMax, each: 8)
        var prefixes: [CheckPrefix] = []
        prefixes.reserveCapacity(count)
        for _ in 0..<count { prefixes.append(CheckPrefix(try readUInt64())) }
        return prefixes
    }

    /// A list's count in one byte, held against its bound and against the bytes that are there:
    /// nothing is reserved for what cannot follow.
    mutating func readListCount(atMost limit: Int, each size: Int) throws(DecodeError) -> Int {
        let count = Int(try readUInt8())
        guard count <= limit else { throw .tooLarge }
        guard count * size <= remaining else { throw .truncated }
        return count
    }
}
