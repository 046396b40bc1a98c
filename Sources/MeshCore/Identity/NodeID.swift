/// Who a node is: the first 16 bytes of SHA-256 of its Ed25519 public key.
///
/// It survives restarts and moves because the key does; nobody can claim another's without its
/// private half.
package struct NodeID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var bytes: Bytes16

    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(of key: PublicKey, using cryptography: any Cryptography) {
        bytes = cryptography.sha256(key.bytes.array).high
    }

    @inlinable
    package static func < (left: NodeID, right: NodeID) -> Bool { left.bytes < right.bytes }

    package var description: String { bytes.hexadecimal }
}

/// Eight random bytes drawn at every start of a process. Two processes that run from copies of one
/// data directory share key and generation, but never this.
package struct BootID: Hashable, Sendable, Comparable {
    package var word: UInt64

    package init(_ word: UInt64) { self.word = word }

    package static func < (left: BootID, right: BootID) -> Bool { left.word < right.word }
}
