import MeshCore
import Testing

struct LabelTests {
    @Test(arguments: ["a", "Z", "0", "-", "_", ".", "fra-1.example_net", Self.longest])
    func `letters, digits and three marks make a label`(text: String) throws {
        let label = try #require(Label(text))
        #expect(label.text == text)
        #expect("\(label)" == text)

        var writer = ByteWriter()
        writer.write(label)
        #expect(writer.bytes == [UInt8(text.utf8.count)] + Array(text.utf8))
        var reader = ByteReader(writer.bytes)
        #expect(try reader.readLabel() == label)
        for count in 0..<writer.count {
            var short = ByteReader(Array(writer.bytes[..<count]))
            #expect(throws: DecodeError.truncated) { try short.readLabel() }
        }
    }

    static let longest = String(repeating: "x", count: Label.byteCountMax)

    @Test(arguments: [
        "", " ", "a b", "a/b", "a:b", "ä", "a\u{0}", "a\n", "@", "[", "`", "{", "😀",
        Self.longest + "x",
    ])
    func `anything else is refused, typed or received`(text: String) {
        #expect(Label(text) == nil)
        #expect(throws: DecodeError.self) { try Label(bytes: ArraySlice(text.utf8)) }
        var writer = ByteWriter()
        writer.writePrefixed(Array(text.utf8))
        var reader = ByteReader(writer.bytes)
        #expect(throws: DecodeError.self) { try reader.readLabel() }
    }

    @Test func `every other byte is refused`() {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.".utf8)
        for byte in UInt8.min...UInt8.max {
            let label = try? Label(bytes: [byte])
            #expect((label != nil) == allowed.contains(byte))
        }
    }

    @Test func `labels are in the order of their bytes`() throws {
        let texts = ["-", ".", "0", "A", "Z", "_", "a", "aa", "b"]
        let labels = try texts.map { try #require(Label($0)) }
        #expect(labels.sorted() == labels)
    }
}

struct SocketAddressTests {
    static let table: [(SocketAddress, String, [UInt8])] = [
        (
            SocketAddress(ipv4: 0xC0_00_02_01, port: 7_946), "192.0.2.1:7946",
            [4, 192, 0, 2, 1, 0x1F, 0x0A]
        ),
        (
            SocketAddress(ipv4: .max, port: .max), "255.255.255.255:65535",
            [4, 255, 255, 255, 255, 255, 255]
        ),
        (
            SocketAddress(host: Bytes16(high: 0x2001_0DB8_0000_0000, low: 1), port: 80),
            "[2001:db8::1]:80",
            [6, 0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80]
        ),
    ]

    @Test(arguments: table)
    func `an address has one text and one encoding`(
        address: SocketAddress,
        text: String,
        bytes: [UInt8]
    ) throws {
        #expect(address.description == text)
        var writer = ByteWriter()
        writer.write(address)
        #expect(writer.bytes == bytes)
        var reader = ByteReader(bytes)
        #expect(try reader.readSocketAddress() == address)
        #expect(reader.isAtEnd)
        for count in 0..<bytes.count {
            var short = ByteReader(Array(bytes[..<count]))
            #expect(throws: DecodeError.truncated) { try short.readSocketAddress() }
        }
    }

    /// RFC 5952: the first longest run of zero groups, of two or more, becomes two colons.
    @Test(
        arguments: [
            (0, 0, "[::]:1"), (0, 1, "[::1]:1"), (0xFE80 << 48, 0, "[fe80::]:1"),
            (0x2001_0DB8_0000_0001, 0x0001_0001_0001_0001, "[2001:db8:0:1:1:1:1:1]:1"),
            (0x2001_0000_0000_0001, 0x0000_0000_0000_0001, "[2001:0:0:1::1]:1"),
            (0x2001_0DB8_0000_0000, 0x0001_0000_0000_0001, "[2001:db8::1:0:0:1]:1"),
            (UInt64.max, UInt64.max, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:1"),
        ] as [(UInt64, UInt64, String)]
    )
    func `an IPv6 address is written as short as RFC 5952 has it`(
        high: UInt64,
        low: UInt64,
        text: String
    ) {
        #expect(SocketAddress(host: Bytes16(high: high, low: low), port: 1).description == text)
    }

    @Test func `an IPv4 address in the long encoding is refused`() {
        let mapped: [UInt8] = [6] + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1, 0, 80]
        var reader = ByteReader(mapped)
        #expect(throws: DecodeError.invalid) { try reader.readSocketAddress() }
    }

    @Test(arguments: [0, 1, 5, 7, 255] as [UInt8])
    func `a family that is neither is refused`(family: UInt8) {
        var reader = ByteReader([family] + [UInt8](repeating: 1, count: 18))
        #expect(throws: DecodeError.invalid) { try reader.readSocketAddress() }
    }

    @Test func `the unspecified addresses and port 0 reach nobody`() {
        #expect(SocketAddress(ipv4: 0, port: 1).isUnspecified)
        #expect(SocketAddress(host: .zero, port: 1).isUnspecified)
        #expect(SocketAddress(ipv4: 1, port: 0).isUnspecified)
        #expect(!SocketAddress(ipv4: 1, port: 1).isUnspecified)
        #expect(!SocketAddress(host: Bytes16(high: 0, low: 1), port: 1).isUnspecified)
    }

    @Test func `addresses are ordered by host, then port`() {
        let low = SocketAddress(ipv4: 1, port: 9)
        let high = SocketAddress(ipv4: 2, port: 1)
        #expect(low < high)
        #expect(low < SocketAddress(ipv4: 1, port: 10))
        #expect(!(low < low))
    }
}

struct NodeIDTests {
    @Test func `ids and boot ids are ordered as their bytes are`() {
        #expect(NodeID(Bytes16(high: 0, low: 9)) < NodeID(Bytes16(high: 1, low: 0)))
        #expect(BootID(1) < BootID(2))
        #expect("\(NodeID(Bytes16(high: 0, low: 9)))" == "00000000000000000000000000000009")
    }
}
