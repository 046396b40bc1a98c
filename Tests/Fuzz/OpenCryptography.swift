import MeshCore

/// Digests are stable hashes, every signature is good, every seal opens.
struct OpenCryptography: Cryptography {
    func sha256(_ bytes: [UInt8]) -> Bytes32 {
        func word(_ seed: UInt64) -> UInt64 {
            var hash = StableHash(seed: seed)
            hash.combine(bytes)
            return hash.finalize()
        }
        return Bytes32(
            high: Bytes16(high: word(1), low: word(2)), low: Bytes16(high: word(3), low: word(4)))
    }

    func isValid(_ signature: Signature, over message: [UInt8], by key: PublicKey) -> Bool { true }
    func deriveKey(secret: [UInt8], salt: [UInt8], info: [UInt8]) -> any SealingKey { OpenKey() }
}

private struct OpenKey: SealingKey {
    func seal(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) {
        packet.append(contentsOf: repeatElement(0, count: sealTagByteCount))
    }
    func open(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) -> Bool {
        packet.removeLast(sealTagByteCount)
        return true
    }
}
