import MeshCore
import Testing

/// The bytes of hexadecimal text; white space counts for nothing.
func bytes(_ text: String) throws -> [UInt8] {
    let digits = try text.filter { !$0.isWhitespace }.map { try #require($0.hexDigitValue) }
    try #require(digits.count.isMultiple(of: 2))
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func bytes32(_ text: String) throws -> Bytes32 {
    var reader = ByteReader(try bytes(text))
    let value = try reader.readBytes32()
    try reader.requireEnd()
    return value
}

func signature(_ text: String) throws -> Signature {
    var reader = ByteReader(try bytes(text))
    let value = try reader.readSignature()
    try reader.requireEnd()
    return value
}
