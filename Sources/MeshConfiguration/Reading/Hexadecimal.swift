package import MeshCore

extension Bytes32 {
    /// 64 hexadecimal digits, in either case.
    package init?(hexadecimal text: String) {
        guard text.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while !rest.isEmpty {
            let digits = rest.prefix(2)
            guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let byte = UInt8(Substring(digits), radix: 16)
            else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        var reader = ByteReader(bytes)
        guard let value = try? reader.readBytes32() else { return nil }
        self = value
    }

    /// 64 hexadecimal digits, in lower case.
    package var hexadecimal: String { high.hexadecimal + low.hexadecimal }
}
