import MeshCore
import MeshSimulator
import Testing

struct FakeCryptographyTests {
    private let cryptography = FakeCryptography()
    private let message = Array("I am alive.".utf8)

    @Test func `a signature is valid over its message by its key only`() {
        let keys = FakeKeyPair(seed: 1)
        let signature = keys.sign(message)
        let other = FakeKeyPair(seed: 2).publicKey
        #expect(cryptography.isValid(signature, over: message, by: keys.publicKey))
        #expect(!cryptography.isValid(signature, over: message + [0], by: keys.publicKey))
        #expect(!cryptography.isValid(signature, over: message, by: other))
    }

    @Test func `what was sealed opens to what it was`() {
        let key = cryptography.deriveKey(secret: [1], salt: [2], info: [3])
        let packet = Array(0..<100) as [UInt8]
        var sealed = packet
        key.seal(&sealed, headerCount: 20, counter: 7)
        #expect(sealed.count == packet.count + sealTagByteCount)
        let opens = key.open(&sealed, headerCount: 20, counter: 7)
        #expect(opens)
        #expect(sealed == packet)
    }

    @Test(arguments: [0, 5, 19, 20, 63, 99, 100, 115])
    func `one changed bit anywhere opens nothing`(position: Int) {
        let key = cryptography.deriveKey(secret: [1], salt: [2], info: [3])
        var sealed = Array(0..<100) as [UInt8]
        key.seal(&sealed, headerCount: 20, counter: 7)
        sealed[position] ^= 4
        let opens = key.open(&sealed, headerCount: 20, counter: 7)
        #expect(!opens)
    }

    @Test func `another counter or another key opens nothing`() {
        let key = cryptography.deriveKey(secret: [1], salt: [2], info: [3])
        var sealed = Array(0..<100) as [UInt8]
        key.seal(&sealed, headerCount: 20, counter: 7)
        var second = sealed
        let opensUnderAnotherCounter = key.open(&sealed, headerCount: 20, counter: 8)
        let other = cryptography.deriveKey(secret: [1], salt: [2], info: [4])
        let opensUnderAnotherKey = other.open(&second, headerCount: 20, counter: 7)
        #expect(!opensUnderAnotherCounter && !opensUnderAnotherKey)
    }
}
