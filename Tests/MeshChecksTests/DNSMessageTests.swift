import MeshCore
import MeshTestSupport
import Testing

@testable import MeshChecks

struct DNSMessageTests {
    private func query(
        _ type: DNSRecordType = .a, _ name: String = "www.example.com"
    ) throws -> DNSQuery {
        DNSQuery(id: 0x1234, name: try #require(DNSName(name)), type: type, isRecursive: true)
    }

    private func read(
        _ query: DNSQuery, _ change: (inout NameMessage) -> Void = { _ in }
    ) throws -> DNSResponse {
        var message = NameMessage(to: query.bytes)
        change(&message)
        let bytes = message.bytes
        return try DNSResponse(bytes, count: bytes.count, to: query)
    }

    private func texts(_ type: DNSRecordType, _ data: [UInt8]) throws -> [String] {
        try read(try query(type)) {
            $0.answers = [NameMessage.record(type.rawValue, data)]
        }.texts
    }

    // MARK: Names

    @Test(arguments: [
        ("www.example.com", "www.example.com"), ("WWW.Example.COM.", "www.example.com"),
        (".", "."), ("_sip._tcp.example", "_sip._tcp.example"),
        ("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa"), ("*.example", "*.example"),
    ])
    func `a name reads with or without its final dot, and prints without`(
        text: String, printed: String
    ) throws {
        #expect(try #require(DNSName(text)).description == printed)
    }

    @Test(arguments: [
        "", "..", ".example", "a..b", "ü.example", "a b", "a\\b",
        String(repeating: "a", count: 64),
        Array(repeating: String(repeating: "a", count: 63), count: 4).joined(separator: "."),
    ])
    func `what is no name is none`(text: String) { #expect(DNSName(text) == nil) }

    @Test func `an address is asked for under its reversed name`() throws {
        let four = try #require(SocketAddress(numericHost: "192.0.2.80", port: 0))
        #expect(DNSName(reversing: four).description == "80.2.0.192.in-addr.arpa")
        let six = try #require(SocketAddress(numericHost: "2001:db8::80", port: 0))
        #expect(
            DNSName(reversing: six).description
                == "0.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
    }

    // MARK: Asking

    @Test func `a question has its id, its flags, its name and EDNS of 1,232 bytes`() throws {
        #expect(
            try query(.mx, "a.b").bytes == [
                0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0x61, 1, 0x62, 0, 0, 15, 0, 1,
                0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0,
            ])
        var plain = try query(.mx, "a.b")
        plain.isRecursive = false
        plain.hasExtension = false
        #expect(
            plain.bytes == [
                0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 1, 0x62, 0, 0, 15, 0, 1,
            ])
    }

    // MARK: Whose answer

    @Test func `an answer to another question is nobody's`() throws {
        let query = try query()
        let breaches: [(inout NameMessage) -> Void] = [
            { $0.id ^= 1 }, { $0.flags = 0x0180 }, { $0.flags = 0x9180 },
            { $0.question[1] ^= 1 }, { $0.question[$0.question.count - 1] = 3 },
            { $0.question[$0.question.count - 3] = 28 }, { $0.questionCount = 2 },
            { $0.questionCount = 0 }, { $0.question = [] },
        ]
        for breach in breaches {
            #expect(throws: DNSResponse.Fault.unrelated) { try read(query, breach) }
        }
        for count in 0..<12 {
            let bytes = Array(query.bytes.prefix(count))
            #expect(throws: DNSResponse.Fault.unrelated) {
                try DNSResponse(bytes, count: count, to: query)
            }
        }
    }

    @Test func `case means nothing in the question that is repeated`() throws {
        let response = try read(try query()) { message in
            message.question = message.question.map {
                (0x61...0x7A).contains($0) ? $0 & 0xDF : $0
            }
            message.answers = [NameMessage.record(1, [192, 0, 2, 1])]
        }
        #expect(response.texts == ["192.0.2.1"])
    }

    @Test func `a server that refuses need not repeat the question`() throws {
        let response = try read(try query()) {
            ($0.questionCount, $0.question, $0.flags) = (0, [], 0x8185)
        }
        #expect(response.code.description == "REFUSED")
        #expect(response.count == 0)
    }

    @Test func `a code may go on in the OPT record`() throws {
        let response = try read(try query()) {
            $0.additional = [[0, 0, 41, 4, 0xD0, 1, 0, 0, 0, 0, 0]]
        }
        #expect(response.code.description == "BADVERS")
        #expect(response.hasExtension)
    }

    // MARK: Records

    @Test func `each type's data reads as zone files have it`() throws {
        let name = NameMessage.name("Mail.Example")
        #expect(try texts(.a, [192, 0, 2, 80]) == ["192.0.2.80"])
        #expect(
            try texts(.aaaa, [0x20, 1, 0xD, 0xB8] + Array(repeating: 0, count: 11) + [1])
                == ["2001:db8::1"])
        #expect(
            try texts(.aaaa, Array(repeating: 0, count: 10) + [255, 255, 192, 0, 2, 1])
                == ["::ffff:192.0.2.1"])
        #expect(try texts(.cname, name) == ["mail.example"])
        #expect(try texts(.ns, [4] + Array("mail".utf8) + [0xC0, 12]) == ["mail.www.example.com"])
        #expect(try texts(.ptr, [0]) == ["."])
        #expect(try texts(.mx, [0, 10] + name) == ["10 mail.example"])
        #expect(try texts(.srv, [0, 1, 0, 2, 0x13, 0xC4] + name) == ["1 2 5060 mail.example"])
        let numbers = [UInt8](repeating: 0, count: 16) + [0, 0, 1, 0]
        #expect(try texts(.soa, name + name + numbers) == ["mail.example mail.example 0 0 0 0 256"])
        #expect(try texts(.txt, [2, 0x61, 0x62, 0, 1, 0x63]) == ["abc"])
        #expect(try texts(.txt, [2, 0xC3, 0xBC]) == ["ü"])
        #expect(try texts(.txt, [3, 0xFF, 0x20, 7]) == [#"\255 \007"#])
        #expect(
            try texts(.caa, [128, 5] + Array("issueca.example".utf8))
                == [#"128 issue "ca.example""#])
    }

    @Test(arguments: [
        (DNSRecordType.a, [1, 2, 3]), (.a, [1, 2, 3, 4, 5]), (.aaaa, [1, 2, 3, 4]), (.mx, [0]),
        (.mx, [0, 10]), (.mx, [0, 10, 0, 0]), (.cname, []), (.cname, [1, 0x61]),
        (.srv, [0, 1, 0, 2, 0]), (.srv, [0, 1, 0, 2, 0, 3]), (.soa, [0, 0, 1, 2, 3]),
        (.txt, []), (.txt, [5, 0x61]), (.caa, [0]), (.caa, [0, 0]), (.caa, [0, 9, 0x61]),
        (.ns, [0x80, 1]), (.ns, [0x40]),
    ])
    func `data that is not what its type says is refused`(
        type: DNSRecordType, data: [UInt8]
    ) throws {
        #expect(throws: DNSResponse.Fault.self) { try texts(type, data) }
    }

    @Test func `only records of the name count, and of what it is another word for`() throws {
        let target = NameMessage.name("other.example")
        let response = try read(try query()) {
            // In the wrong order, as some servers have it.
            $0.answers = [
                NameMessage.record(1, [192, 0, 2, 1], owner: target),
                NameMessage.record(5, target),
                NameMessage.record(1, [192, 0, 2, 9], owner: NameMessage.name("evil.example")),
                NameMessage.record(28, [UInt8](repeating: 1, count: 16)),
            ]
        }
        #expect(response.texts == ["192.0.2.1"])
    }

    @Test func `aliases that go round end, and too many of them are refused`() throws {
        let response = try read(try query()) {
            let other = NameMessage.name("other.example")
            $0.answers = [
                NameMessage.record(5, other), NameMessage.record(5, [0xC0, 12], owner: other),
            ]
        }
        #expect(response.count == 0)
        #expect(throws: DNSResponse.Fault.tooManyAliases) {
            try read(try query()) { message in
                var owner: [UInt8] = [0xC0, 12]
                message.answers = (0..<20).map { number in
                    let next = NameMessage.name("n\(number).example")
                    defer { owner = next }
                    return NameMessage.record(5, next, owner: owner)
                }
            }
        }
    }

    @Test func `a truncated answer says so, whatever else is in it`() throws {
        let response = try read(try query()) {
            $0.flags = 0x8380
            $0.answerCount = 900
        }
        #expect(response.isTruncated)
        #expect(response.count == 0)
    }

    // MARK: Lies

    @Test func `names that lead in a circle, forwards or through too many pointers are refused`()
        throws
    {
        let query = try query(.cname)
        // The data begins behind header, question, owner and the record's ten bytes.
        let place = 12 + query.name.wire.count + 4 + 12
        let pointer = { (target: Int) in [0xC0 | UInt8(target >> 8), UInt8(target & 0xFF)] }
        for target in [place, place + 2, place + 1, 16_383] {
            #expect(throws: DNSResponse.Fault.self, "to \(target)") {
                try texts(.cname, pointer(target))
            }
        }
        // Two labels that point at one another.
        #expect(throws: DNSResponse.Fault.self) {
            try texts(.cname, [1, 0x61] + pointer(place))
        }
        #expect(throws: DNSResponse.Fault.nameLoops) {
            try read(query) { message in
                // Each record's data points to the one before: all of them lead back, too far.
                var last = 12
                var start = place
                message.answers = (0..<40).map { _ in
                    defer { (last, start) = (start, start + 14) }
                    return NameMessage.record(5, pointer(last))
                }
            }
        }
    }

    @Test func `a name that grows too long by its pointers is refused`() throws {
        let label = [UInt8(60)] + [UInt8](repeating: 0x61, count: 60)
        let query = try query(.cname)
        let place = 12 + query.name.wire.count + 4 + 12
        #expect(throws: DNSResponse.Fault.badName) {
            try read(query) { message in
                let first = Array(Array(repeating: label, count: 3).joined()) + [0]
                let second = label + label + [0xC0, UInt8(place)]
                message.answers = [
                    NameMessage.record(5, first), NameMessage.record(5, second),
                ]
            }
        }
    }

    @Test func `a message that is cut anywhere is refused`() throws {
        let query = try query(.mx)
        var message = NameMessage(to: query.bytes)
        message.answers = [
            NameMessage.record(15, [0, 10] + NameMessage.name("mail.example")),
            NameMessage.record(15, [0, 20, 4] + Array("mail".utf8) + [0xC0, 12]),
        ]
        message.additional = [[0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0]]
        let whole = message.bytes
        #expect(try DNSResponse(whole, count: whole.count, to: query).count == 2)
        for count in 0..<whole.count {
            #expect(throws: DNSResponse.Fault.self, "cut at \(count)") {
                try DNSResponse(whole, count: count, to: query)
            }
        }
        // What comes behind the last record is let be.
        let longer = whole + [1, 2, 3]
        #expect(try DNSResponse(longer, count: longer.count, to: query).count == 2)
    }

    @Test func `twenty thousand mutated messages are read or refused, within their bounds`() throws
    {
        var chance = SeededGenerator(seed: 20_261_121)
        let name = NameMessage.name("mail.example")
        var read = 0
        for round in 0..<20_000 {
            let type = DNSRecordType.allCases[chance.index(below: DNSRecordType.allCases.count)]
            let query = try query(type)
            var message = NameMessage(to: query.bytes)
            let data: [UInt8] =
                switch type {
                case .a: [192, 0, 2, 1]
                case .aaaa: [UInt8](repeating: 7, count: 16)
                case .ns, .cname, .ptr: [2, 0x61, 0x62, 0xC0, 12]
                case .soa: name + [0xC0, 12] + [UInt8](repeating: 1, count: 20)
                case .mx: [0, 10] + name
                case .txt: [3, 0x61, 0x62, 0x63, 0]
                case .srv: [0, 1, 0, 2, 0, 3] + name
                case .caa: [0, 5] + Array("issueca.example".utf8)
                }
            message.answers = [
                NameMessage.record(5, [1, 0x78, 0xC0, 12]),
                NameMessage.record(type.rawValue, data),
                NameMessage.record(type.rawValue, data, owner: [1, 0x78, 0xC0, 12]),
            ]
            message.additional = [[0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0]]
            var bytes = message.bytes
            for _ in 0..<1 + chance.index(below: 4) {
                // The header is left alone now and then: what is behind it is of more interest.
                let first = round % 4 == 0 ? 0 : 12
                let place = first + chance.index(below: bytes.count - first)
                switch chance.index(below: 4) {
                case 0: bytes[place] = UInt8(chance.index(below: 256))
                case 1: bytes[place] ^= 1 << UInt8(chance.index(below: 8))
                case 2: bytes[place] = [0, 0xC0, 0xFF, 0x3F][chance.index(below: 4)]
                default: bytes.removeLast(min(bytes.count - 13, chance.index(below: 8)))
                }
            }
            guard let response = try? DNSResponse(bytes, count: bytes.count, to: query) else {
                continue
            }
            read += 1
            #expect(response.texts.count == response.count)
            #expect(response.texts.allSatisfy { $0.utf8.count <= 4 * bytes.count })
        }
        // Enough of both to have been worth it.
        #expect((1_000..<19_000).contains(read))
    }

    @Test func `the largest message of the worst names is read in bounded time`() throws {
        let query = try query(.cname)
        var message = NameMessage(to: query.bytes)
        let label = [UInt8(63)] + [UInt8](repeating: 0x61, count: 63)
        message.answers = [
            NameMessage.record(16, Array(Array(repeating: label, count: 3).joined()) + [0])
        ]
        let place = 12 + query.name.wire.count + 4 + 12
        while message.answers.count < 5_000 {
            // An owner that takes the whole way.
            message.answers.append(
                NameMessage.record(5, [0xC0, 12], owner: [0xC0, UInt8(place)]))
        }
        message.answerCount = UInt16(message.answers.count)
        let bytes = Array(message.bytes.prefix(DNSResponse.byteCountMax))
        let clock = ContinuousClock()
        let span = clock.measure { _ = try? DNSResponse(bytes, count: bytes.count, to: query) }
        #expect(span < .seconds(5))
    }
}
