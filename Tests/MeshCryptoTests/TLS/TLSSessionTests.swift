import MeshCore
import MeshCrypto
import Testing

struct TLSSessionTests {
    private func pair(
        client: TLSContext? = nil, server: TLSContext? = nil
    ) throws -> TLSPair {
        let common = try TLSContext("production", "a secret of the mesh")
        return TLSPair(client ?? common, server ?? common)
    }

    @Test func `two sides with one secret understand each other`() throws {
        let pair = try pair()
        pair.carry()
        #expect(pair.client.isEstablished)
        #expect(pair.server.isEstablished)
        // One flight there, one back, one there, and no tickets: what a probe over TCP costs.
        #expect(pair.byteCountToServer < 600)
        #expect(pair.byteCountToClient < 300)

        try pair.client.write([1, 2, 3])
        try pair.server.write([4])
        pair.carry()
        #expect(pair.heardByServer == [1, 2, 3])
        #expect(pair.heardByClient == [4])
        #expect(pair.clientError == nil && pair.serverError == nil)
    }

    @Test func `one context serves sessions of both roles, one after the other and at once`() throws
    {
        let context = try TLSContext("production", "a secret")
        let pairs = (0..<20).map { _ in TLSPair(context, context) }
        for (number, pair) in pairs.enumerated() {
            pair.carry()
            try pair.client.write([UInt8(number)])
        }
        for (number, pair) in pairs.enumerated() {
            pair.carry()
            #expect(pair.heardByServer == [UInt8(number)])
        }
    }

    /// A mesh changes its secret node by node: each step of it must keep every pair talking.
    @Test func `during a rotation old and new secrets both open`() throws {
        let old = try TLSContext("production", "old")
        let prepared = try TLSContext("production", "old", "new")
        let turned = try TLSContext("production", "new", "old")
        let new = try TLSContext("production", "new")
        let talking = [
            (old, prepared), (prepared, old), (prepared, turned), (turned, prepared),
            (turned, new), (new, turned), (old, turned),
        ]
        for (client, server) in talking {
            let pair = TLSPair(client, server)
            pair.carry()
            #expect(pair.client.isEstablished && pair.server.isEstablished)
        }
        for (client, server) in [(old, new), (new, old), (turned, old)] {
            let pair = TLSPair(client, server)
            pair.carry()
            #expect(!pair.client.isEstablished && !pair.server.isEstablished)
            #expect(pair.serverError == .unknownKey)
            #expect(pair.clientError == .refused(alert: 40))
        }
    }

    @Test func `one secret in two meshes is two keys`() throws {
        let pair = try pair(
            client: TLSContext("production", "shared"), server: TLSContext("staging", "shared"))
        pair.carry()
        #expect(pair.serverError == .unknownKey)
        #expect(!pair.client.isEstablished)
    }

    /// Whoever has seen the name of a key can say it: it takes the key to go on.
    @Test func `a client that names a key and lacks it is found out`() throws {
        let pair = try pair()
        // The last bytes of a ClientHello are the binder, which the key makes.
        pair.alterToServer = { $0.dropLast() + $0.suffix(1).map { $0 ^ 1 } }
        pair.carry()
        #expect(pair.serverError == .wrongKey)
        #expect(!pair.client.isEstablished)
        #expect(pair.clientError == .refused(alert: 47))
    }

    static let junk: [[UInt8]] = [
        Array("GET / HTTP/1.1\r\nHost: example.net\r\n\r\n".utf8),
        Array("SSH-2.0-OpenSSH_9.2\r\n".utf8),
        [UInt8](repeating: 0, count: 2_000),
        [UInt8](repeating: 0xFF, count: 2_000),
        [0x16, 0x03, 0x01, 0x00, 0x05, 1, 0, 0, 1, 0],
        // A TLS 1.0 hello: version 3.1, no extension.
        [0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1] + [UInt8](repeating: 7, count: 32)
            + [0, 0, 2, 0, 0x2F, 1, 0],
    ]

    @Test(arguments: junk)
    func `a server that is sent something else fails, and so does a client`(junk: [UInt8]) throws {
        let context = try TLSContext("production", "a secret")
        for role in [TLSSession.Role.server, .client] {
            let session = TLSSession(role, context)
            var plaintext: [UInt8] = []
            let first = #expect(throws: TLSError.self) {
                try session.receive(junk, into: &plaintext)
                // Too little to be judged is cut off.
                try session.receiveEnd()
            }
            let error = try #require(first)
            #expect(plaintext.isEmpty)
            #expect(!session.isEstablished)
            // It stays so.
            #expect(throws: error) { try session.receive([1], into: &plaintext) }
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "EHLO example.net\r\n"])
    func `another protocol is called that`(text: String) throws {
        let session = TLSSession(.server, try TLSContext("production", "a secret"))
        var plaintext: [UInt8] = []
        #expect(throws: TLSError.notTLS13) {
            try session.receive(Array(text.utf8), into: &plaintext)
        }
    }

    @Test func `random bytes never get through, and never stop the process`() throws {
        let context = try TLSContext("production", "a secret")
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<300 {
            let session = TLSSession(.server, context)
            var junk = (0..<generator.index(below: 600)).map { _ in
                UInt8(truncatingIfNeeded: generator.next())
            }
            // Half of them look like the beginning of a handshake.
            if generator.index(below: 2) == 0, junk.count > 6 {
                junk.replaceSubrange(0..<6, with: [0x16, 3, 1, 0, UInt8(junk.count & 0xFF), 1])
            }
            var plaintext: [UInt8] = []
            try? session.receive(junk, into: &plaintext)
            #expect(!session.isEstablished)
            #expect(plaintext.isEmpty)
        }
    }

    @Test func `every bit of a hello that changes keeps the session from standing`() throws {
        let context = try TLSContext("production", "a secret")
        var position = 0
        var count = 1
        while position < count {
            let pair = TLSPair(context, context)
            pair.alterToServer = { bytes in
                guard bytes.count > 200 else { return bytes }
                count = bytes.count
                var altered = bytes
                altered[position] ^= 0x10
                return altered
            }
            pair.carry()
            // The record's own version says nothing (RFC 8446, 5.1) and may be anything.
            if position != 1, position != 2 { #expect(!pair.server.isEstablished, "\(position)") }
            position += 1
        }
        #expect(position > 200)
    }

    @Test func `a record that is changed ends the session after what came before it`() throws {
        let pair = try pair()
        pair.carry()
        try pair.client.write([1, 2, 3])
        pair.carry()
        try pair.client.write([4, 5, 6])
        pair.alterToServer = { bytes in
            var altered = bytes
            if let last = altered.indices.last { altered[last] ^= 1 }
            return altered
        }
        pair.carry()
        #expect(pair.heardByServer == [1, 2, 3])
        #expect(pair.serverError == .tampered)
        #expect(pair.clientError == .refused(alert: 20))
    }

    @Test func `the end is told from a cut`() throws {
        let pair = try pair()
        pair.carry()
        try pair.client.write([1])
        pair.client.finish()
        pair.carry()
        #expect(pair.server.isPeerFinished)
        try pair.server.receiveEnd()
        // The other half goes on.
        try pair.server.write([2])
        pair.carry()
        #expect(pair.heardByClient == [2])
        #expect(throws: TLSError.truncated) { try pair.client.receiveEnd() }
    }

    @Test func `a handshake cut off anywhere is one cut off`() throws {
        let context = try TLSContext("production", "a secret")
        let hello = TLSSession(.client, context).takeOutgoing()
        for count in 0..<hello.count {
            let server = TLSSession(.server, context)
            var plaintext: [UInt8] = []
            try server.receive(Array(hello[..<count]), into: &plaintext)
            #expect(server.takeOutgoing().isEmpty)
            #expect(throws: TLSError.truncated) { try server.receiveEnd() }
        }
    }

    @Test func `bytes may arrive one by one`() throws {
        let context = try TLSContext("production", "a secret")
        let client = TLSSession(.client, context)
        let server = TLSSession(.server, context)
        var heard: [UInt8] = []
        var hasWritten = false
        while heard.count < 1_000 {
            for byte in client.takeOutgoing() { try server.receive([byte], into: &heard) }
            for byte in server.takeOutgoing() {
                var none: [UInt8] = []
                try client.receive([byte], into: &none)
            }
            if client.isEstablished, !hasWritten {
                hasWritten = true
                try client.write([UInt8](repeating: 3, count: 1_000))
            }
        }
        #expect(heard == [UInt8](repeating: 3, count: 1_000))
    }

    @Test func `a handshake without end is ended`() throws {
        let session = try TLSSession(.server, TLSContext("production", "a secret"))
        // A hello that claims 100 KiB and never gets there.
        var record: [UInt8] = [0x16, 3, 3, 0x40, 0, 1, 1, 0x90, 0]
        record += [UInt8](repeating: 0, count: 0x4000 - 4)
        var plaintext: [UInt8] = []
        #expect(throws: TLSError.self) {
            for _ in 0..<20 { try session.receive(record, into: &plaintext) }
        }
        #expect(plaintext.isEmpty)
    }

    @Test func `four MiB pass both ways`() throws {
        let pair = try pair()
        pair.carry()
        let there = (0..<4_096).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let text = Array(repeatElement(there, count: 1_024).joined())
        try pair.client.write(text)
        try pair.server.write(text)
        pair.carry()
        // Not within the expectation, which would look for the smallest difference for hours.
        let isWholeThere = pair.heardByServer == text
        #expect(isWholeThere)
        let isWholeBack = pair.heardByClient == text
        #expect(isWholeBack)
    }
}
