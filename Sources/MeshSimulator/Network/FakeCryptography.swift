package import MeshCore

/// The simulator's cryptography: keyed hashes in place of Ed25519 and AES-GCM, a hundred times
/// faster.
///
/// What it keeps of the real one is what the protocol relies on: nobody makes a signature but with
/// the private half, a changed bit or another counter opens nothing, and one key gives one id. What
/// it gives up is secrecy: payloads stay readable, so that invariants can look at traffic without
/// any node's help.
package struct FakeCryptography: Cryptography {
    /// A planted fault: what every signature would be worth if nobody verified it.
    package var acceptsAnySignature = false
    /// A planted fault: datagrams that nobody authenticates.
    package var acceptsAnySeal = false

    package init() {}

    /// What signers know and the mesh's code does not: without it nothing here signs.
    fileprivate static let signingSalt: UInt64 = 0x5D58_8B65_6C07_8965

    package func sha256(_ bytes: [UInt8]) -> Bytes32 {
        var hash = QuickHash(1)
        hash.absorb(bytes)
        return hash.longDigest
    }

    package func isValid(
        _ signature: Signature, over message: [UInt8], by key: PublicKey
    ) -> Bool {
        acceptsAnySignature || signature == FakeKeyPair.signature(over: message, by: key)
    }

    package func deriveKey(secret: [UInt8], salt: [UInt8], info: [UInt8]) -> any SealingKey {
        var hash = QuickHash(2)
        hash.absorb(secret)
        hash.absorb(salt)
        hash.absorb(info)
        let digest = hash.digest
        return FakeSealingKey(
            high: digest.high, low: digest.low, acceptsAnySeal: acceptsAnySeal)
    }
}

/// A fake of AES-GCM that authenticates and does not hide.
struct FakeSealingKey: SealingKey {
    let high: UInt64
    let low: UInt64
    let acceptsAnySeal: Bool

    func seal(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) {
        let tag = tag(of: packet, count: packet.count, counter: counter)
        packet.reserveCapacity(packet.count + sealTagByteCount)
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            packet.append(UInt8(truncatingIfNeeded: tag.high >> shift))
        }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            packet.append(UInt8(truncatingIfNeeded: tag.low >> shift))
        }
    }

    func open(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) -> Bool {
        let count = packet.count - sealTagByteCount
        guard count >= headerCount else { return false }
        let tag = tag(of: packet, count: count, counter: counter)
        var difference: UInt64 = 0
        for index in 0..<8 {
            let shift = UInt64(56 - 8 * index)
            difference |= UInt64(packet[count + index]) ^ (tag.high >> shift & 0xFF)
            difference |= UInt64(packet[count + 8 + index]) ^ (tag.low >> shift & 0xFF)
        }
        guard difference == 0 || acceptsAnySeal else { return false }
        packet.removeLast(sealTagByteCount)
        return true
    }

    private func tag(of packet: [UInt8], count: Int, counter: UInt64) -> Bytes16 {
        var hash = QuickHash(high, low)
        hash.absorb(counter)
        hash.absorb(packet, count: count)
        return hash.digest
    }
}

/// A node's key: the public half follows from a private number, the signature from both.
package struct FakeKeyPair: Sendable, Hashable {
    package let publicKey: PublicKey

    package init(seed: UInt64) {
        var hash = QuickHash(FakeCryptography.signingSalt, 3)
        hash.absorb(seed)
        publicKey = PublicKey(hash.longDigest)
    }

    package func sign(_ message: [UInt8]) -> Signature {
        Self.signature(over: message, by: publicKey)
    }

    fileprivate static func signature(over message: [UInt8], by key: PublicKey) -> Signature {
        var hash = QuickHash(FakeCryptography.signingSalt, 4)
        hash.absorb(key.bytes.high.high)
        hash.absorb(key.bytes.high.low)
        hash.absorb(key.bytes.low.high)
        hash.absorb(key.bytes.low.low)
        hash.absorb(message)
        let first = hash.longDigest
        hash.absorb(5)
        return Signature(r: first, s: hash.longDigest)
    }
}
