import Glibc

/// The kernel's chance, fetched for several times at once: a call for each takes a twentieth of what
/// a ping does.
package struct StockedRandom: RandomNumberGenerator {
    /// 256 bytes, as many as `getentropy` gives at once.
    private static let wordsMax = 32

    private var words: [UInt64] = []

    package init() {}

    /// No word is given twice.
    package mutating func next() -> UInt64 {
        if words.isEmpty { words = Self.fetched() }
        return words.removeLast()
    }

    private static func fetched() -> [UInt64] {
        let byteCount = wordsMax * MemoryLayout<UInt64>.size
        // The closure fills the capacity that was asked for, or stops the process.
        return unsafe [UInt64](unsafeUninitializedCapacity: wordsMax) { buffer, count in
            let answer = unsafe getentropy(buffer.baseAddress, byteCount)
            precondition(answer == 0, "expected the kernel's chance")
            count = wordsMax
        }
    }
}
