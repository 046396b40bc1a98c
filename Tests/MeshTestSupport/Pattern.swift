/// Bytes that differ from place to place: a block of a prime length, so that none of its places
/// falls on a buffer's edge twice in a row.
package func pattern(_ count: Int, _ salt: Int = 0) -> [UInt8] {
    let block = (0..<8_191).map { UInt8(truncatingIfNeeded: ($0 &+ salt) &* 2_654_435_761 >> 7) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count { bytes += block.prefix(count - bytes.count) }
    return bytes
}
