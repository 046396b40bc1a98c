package import MeshCore

/// Cryptography for tests that look at one node: a signature is valid if it is the hash of key and
/// message, which any test can make for any key.
package struct StubCryptography: Cryptography {
    package init() {}

    package func sha256(_ bytes: [UInt8]) -> Bytes32 {
        func word(_ seed: UInt64) -> UInt64 {
            var hash = StableHash(seed: seed)
            hash.combine(bytes)
            return hash.finalize()
        }
        return Bytes32(
            high: Bytes16(high: word(1), low: word(2)), low: Bytes16(high: word(3), low: word(4)))
    }

    package func sign(_ message: [UInt8], by key: PublicKey) -> Signature {
        let digest = sha256(key.bytes.array + message)
        return Signature(r: digest, s: digest)
    }

    package func isValid(_ signature: Signature, over message: [UInt8], by key: PublicKey) -> Bool {
        signature == sign(message, by: key)
    }

    package func deriveKey(secret: [UInt8], salt: [UInt8], info: [UInt8]) -> any SealingKey {
        StubKey(word: sha256(secret + [0] + salt + [0] + info).high.high)
    }
}

/// Authenticates by a hash, and hides nothing.
private struct StubKey: SealingKey {
    let word: UInt64

    private func tag(_ packet: [UInt8], _ counter: UInt64) -> Bytes16 {
        var hash = StableHash(seed: word ^ counter)
        hash.combine(packet)
        let sum = hash.finalize()
        return Bytes16(high: sum, low: ~sum)
    }

    func seal(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) {
        var writer = ByteWriter()
        writer.write(tag(packet, counter))
        packet += writer.bytes
    }

    func open(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) -> Bool {
        guard packet.count >= headerCount + sealTagByteCount else { return false }
        var reader = ByteReader(packet, in: packet.count - sealTagByteCount..<packet.count)
        packet.removeLast(sealTagByteCount)
        return (try? reader.readBytes16()) == tag(packet, counter)
    }
}
