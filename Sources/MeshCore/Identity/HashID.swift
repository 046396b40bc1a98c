/// An id that is a hash: sixteen bytes, ordered as bytes are, written in hexadecimal. Each kind is
/// a type of its own, so that one never passes for another.
package protocol HashID: Hashable, Sendable, Comparable, CustomStringConvertible {
    var bytes: Bytes16 { get }
    init(_ bytes: Bytes16)
}

extension HashID {
    package static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
    package var description: String { bytes.hexadecimal }
}
