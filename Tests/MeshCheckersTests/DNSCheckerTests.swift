import MeshChecks
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

/// A peer that answers what it should not, or as it should not.
@Suite struct DNSCheckerTests {
    private let bench: CheckBench
    private let peer: NamePeer

    init() throws {
        bench = try CheckBench()
        peer = try NamePeer(on: bench.loop)
    }

    private func ask(_ change: (inout DNSCheck) -> Void = { _ in }) throws -> CheckKind {
        try bench.question(peer.address) {
            $0.attempts = .within(400)
            change(&$0)
        }
    }

    private static func right(_ query: [UInt8]) -> NameMessage {
        var message = NameMessage(to: query)
        message.answers = [NameMessage.record(1, [192, 0, 2, 80])]
        return message
    }

    /// What the peer says after this, and what comes of it.
    private func saw(_ answer: @escaping ([UInt8]) -> [[UInt8]]) throws -> String {
        peer.datagrams = answer
        return try bench.saw(try ask())
    }

    @Test func `a right answer is up, with how long it took`() throws {
        peer.datagrams = { [Self.right($0).bytes] }
        var results: [LookResult] = []
        bench.runner.look(try ask()) { results.append($0) }
        try bench.loop.run { !results.isEmpty }
        #expect(results.first?.observation.outcome == .saw(.up, .none))
        #expect(results.first?.measurements.processing ?? .zero > .zero)
        #expect(peer.questions.count == 1)
    }

    @Test func `strangers' answers are passed over, before the right one and in its place`() throws
    {
        let strays: [(inout NameMessage) -> Void] = [
            { $0.id &+= 1 }, { $0.question[1] ^= 1 }, { $0.flags = 0x0100 },
            { $0.questionCount = 0 }, { $0.question[$0.question.count - 3] = 28 },
        ]
        let wrong = { (query: [UInt8]) in
            strays.map { stray in
                var message = Self.right(query)
                stray(&message)
                return message.bytes
            } + Self.junk
        }
        #expect(try saw { wrong($0) + [Self.right($0).bytes] } == "up: ")
        let told = try saw(wrong)
        let words = "down: timed out after 400 ms while waiting for the answer; "
        #expect(told.hasPrefix(words) && told.contains(" answers to other questions"))
    }

    /// The last two have what a header has, and no question after it.
    private static let junk: [[UInt8]] = [
        [], [0], [UInt8](repeating: 0xFF, count: 512), [1, 2, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        [1, 2, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 63, 0],
    ]

    @Test func `junk is told apart from answers to other questions`() throws {
        let words = "down: timed out after 400 ms while waiting for the answer; "
        var turn = 0
        func once(_ messages: [[UInt8]]) throws -> String {
            turn = 0
            return try saw { _ in
                turn += 1
                return turn == 1 ? messages : []
            }
        }
        #expect(try once(Self.junk) == words + "5 datagrams that are no answers")
        #expect(try once([Self.junk[1]]) == words + "a datagram that is no answer")
        turn = 0
        let mixed = try saw { query in
            turn += 1
            var message = Self.right(query)
            message.id &+= 1
            return turn == 1 ? [message.bytes, Self.junk[1]] : []
        }
        #expect(mixed == words + "1 answer to other questions; a datagram that is no answer")
    }

    @Test func `an answer that is no DNS is the server's fault at once`() throws {
        let lies: [((inout NameMessage) -> Void, String)] = [
            (
                { $0.answers = [NameMessage.record(1, [1, 2, 3])] },
                "has a record of type A that is none"
            ),
            ({ $0.answerCount = 900 }, "ends in the middle of a record"),
            (
                { $0.answers = [NameMessage.record(1, [1, 2, 3, 4], owner: [0xC0, 0x26])] },
                "has a name whose compression leads nowhere"
            ),
            (
                { $0.answers = [NameMessage.record(1, [1, 2, 3, 4], owner: [0x80])] },
                "has a name that is none"
            ),
        ]
        for (lie, words) in lies {
            let saw = try saw { query in
                var message = Self.right(query)
                lie(&message)
                return [message.bytes]
            }
            #expect(saw == "down: the answer \(words)")
        }
    }

    @Test func `silence is down at its deadline, and the question is asked again`() throws {
        let observation = try bench.look(try ask())
        #expect(
            observation.outcome
                == .saw(.down, Reason("timed out after 400 ms while waiting for the answer")))
        #expect(observation.latency >= .milliseconds(400) && observation.latency < .seconds(2))
        // At once, after a quarter of the timeout, and half of it later.
        #expect((2...3).contains(peer.count(.udp)))
        #expect(peer.questions.first?.bytes == peer.questions.last?.bytes)
    }

    @Test func `one lost question costs its patience, and a late answer to the first counts`()
        throws
    {
        let peer = peer
        peer.datagrams = { peer.count(.udp) < 2 ? [] : [Self.right($0).bytes] }
        let observation = try bench.look(try ask())
        #expect(observation.outcome == .saw(.up, .none))
        #expect(observation.latency >= .milliseconds(100) && observation.latency < .seconds(1))
    }

    @Test func `where nothing listens it is down at once`() throws {
        let refusing = try SocketAddress.refusing(on: bench.loop)
        #expect(try bench.saw(try bench.question(refusing)) == "down: connection refused")
        let overTCP = try bench.question(refusing) { $0.transport = .tcp }
        #expect(try bench.saw(overTCP) == "down: connection refused")
        let nowhere = SocketAddress(ipv4: 0xFFFF_FFFF, port: 53)
        #expect(try bench.saw(try bench.question(nowhere)) == "abstained: noResources")
    }

    @Test func `what does not fit is asked for over TCP`() throws {
        peer.datagrams = { query in
            var message = NameMessage(to: query)
            message.flags = 0x8380
            return [message.bytes]
        }
        peer.talk = { $1.send(Self.right($0).streamBytes) }
        #expect(try bench.saw(try ask { $0.expect = .one(.contains("192.0.2.80")) }) == "up: ")
        #expect(peer.count(.udp) == 1)
        #expect(peer.count(.tcp) == 1)
        // The deadline is the same one: a server that hangs there is down in time.
        peer.talk = { $1.send([0, 100, 1]) }
        let observation = try bench.look(try ask())
        #expect(
            observation.outcome
                == .saw(.down, Reason("timed out after 400 ms while waiting for the answer")))
        #expect(observation.latency < .seconds(2))
    }

    @Test func `over TCP alone no datagram is sent`() throws {
        peer.talk = { $1.send(Self.right($0).streamBytes) }
        #expect(try bench.saw(try ask { $0.transport = .tcp }) == "up: ")
        #expect(peer.count(.udp) == 0)
    }

    @Test func `over TCP an answer may drip, end early, never come, lie or be huge`() throws {
        let asks = try ask { $0.transport = .tcp }
        let loop = bench.loop
        peer.talk = { query, peer in
            let bytes = Self.right(query).streamBytes
            for (place, byte) in bytes.enumerated() {
                loop.schedule(at: loop.now + .milliseconds(Int64(place))) { peer.send([byte]) }
            }
        }
        #expect(try bench.saw(asks) == "up: ")
        // A byte at a time, for ever.
        peer.talk = { _, peer in
            peer.send([0xFF, 0xFF])
            func drip() {
                guard peer.send([0]) else { return }
                loop.schedule(at: loop.now + .milliseconds(20), drip)
            }
            drip()
        }
        let observation = try bench.look(asks)
        #expect(
            observation.outcome
                == .saw(.down, Reason("timed out after 400 ms while waiting for the answer")))
        #expect(observation.latency < .seconds(2))
        peer.talk = { query, peer in
            peer.send(Array(Self.right(query).streamBytes.dropLast(3)))
            peer.close()
        }
        #expect(
            try bench.saw(asks) == "down: the server closed the connection within its answer")
        peer.talk = { $1.close() }
        #expect(
            try bench.saw(asks) == "down: the server closed the connection without an answer")
        peer.talk = { query, peer in
            var message = Self.right(query)
            message.id &+= 1
            peer.send(message.streamBytes)
        }
        #expect(try bench.saw(asks) == "down: the answer over TCP answers another question")
        peer.talk = { $1.send([0, 0, 1, 2, 3]) }
        #expect(try bench.saw(asks) == "down: what came over TCP is no DNS answer")
        peer.talk = { query, peer in
            var message = Self.right(query)
            message.flags = 0x8380
            peer.send(message.streamBytes)
        }
        #expect(try bench.saw(asks) == "down: truncated even over TCP")
        peer.talk = { query, peer in
            var message = Self.right(query)
            message.tail = [UInt8](repeating: 0, count: 60_000)
            peer.send(message.streamBytes + [UInt8](repeating: 1, count: 5_000))
        }
        #expect(try bench.saw(asks) == "up: ")
    }

    @Test func `a server that does not know EDNS is asked without it`() throws {
        peer.datagrams = { query in
            guard query[11] == 1 else { return [Self.right(query).bytes] }
            var message = NameMessage(to: query)
            message.flags = 0x8181
            return [message.bytes]
        }
        #expect(try bench.saw(try ask()) == "up: ")
        #expect(peer.count(.udp) == 2)
        // One that says it with EDNS means the question.
        #expect(
            try saw { query in
                var message = NameMessage(to: query)
                message.flags = 0x8181
                message.additional = [[0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 0]]
                return [message.bytes]
            } == "down: answered FORMERR, expected NOERROR")
    }

    @Test func `the next address of a server is asked when one is silent or refuses`() throws {
        let silent = try NamePeer(on: bench.loop)
        peer.datagrams = { [Self.right($0).bytes] }
        // Whoever names no server has the machine's: here the bench's own.
        let refusing = try SocketAddress.refusing(on: bench.loop)
        for first in [silent.address, refusing] {
            let other = try CheckBench(
                on: bench.loop, servers: "\(first),\(peer.address)")
            #expect(try other.saw(try other.question(nil) { $0.attempts = .within(800) }) == "up: ")
        }
    }

    @Test func `the machine's own servers' silence is its own fault, a named one's its own`() throws
    {
        let other = try CheckBench(on: bench.loop, servers: "\(peer.address)")
        #expect(
            try other.saw(try other.question(nil) { $0.attempts = .within(200) })
                == "abstained: noResolver")
        let refusing = try SocketAddress.refusing(on: bench.loop)
        let another = try CheckBench(on: bench.loop, servers: "\(refusing)")
        #expect(try another.saw(try another.question(nil)) == "abstained: noResolver")
        // What they answer is judged.
        peer.datagrams = { query in
            var message = NameMessage(to: query)
            message.flags = 0x8183
            return [message.bytes]
        }
        #expect(
            try other.saw(try other.question(nil)) == "down: answered NXDOMAIN, expected NOERROR")
    }

    @Test func `a server by its name is found, in the family that was asked for`() throws {
        peer.datagrams = { [Self.right($0).bytes] }
        let names = try NameServer(on: bench.loop) { _, _ in
            .addresses([.loopback, .loopback6], life: 60)
        }
        let other = try CheckBench(on: bench.loop, servers: names.servers)
        let port = peer.address.port
        func ask(_ version: IPVersion) throws -> CheckKind {
            try other.question(nil) {
                $0.server = HostPort(host: "ns.test", port: port)
                $0.version = version
                $0.attempts = .within(400)
            }
        }
        #expect(try other.saw(try ask(.four)) == "up: ")
        #expect(try other.saw(try ask(.six)) == "down: connection refused")
    }

    @Test func `a thousand at once are all answered, and taken back they say nothing`() throws {
        peer.datagrams = { [Self.right($0).bytes] }
        let kind = try ask { $0.attempts = AttemptPlan() }
        for _ in 0..<1_000 { bench.begin(kind) }
        #expect(try bench.loop.turn { bench.observations.count == 1_000 })
        #expect(bench.observations.allSatisfy { $0.outcome == .saw(.up, .none) })
        bench.observations = []
        let looks = (0..<100).map { _ in bench.begin(kind) }
        for look in looks { bench.runner.cancel(look) }
        #expect(bench.runner.lookCount == 0)
        #expect(try bench.saw(kind) == "up: ")
        #expect(bench.observations.count == 1)
    }

    @Test func `mutated answers end in an observation each`() throws {
        var chance = SeededGenerator(seed: 53)
        peer.datagrams = { query in
            var bytes = Self.right(query).bytes
            for _ in 0..<1 + chance.index(below: 4) {
                bytes[2 + chance.index(below: bytes.count - 2)] = UInt8(chance.index(below: 256))
            }
            return [Array(bytes.prefix(1 + chance.index(below: bytes.count)))]
        }
        let kind = try ask()
        for _ in 0..<500 { bench.begin(kind) }
        #expect(try bench.loop.turn { bench.observations.count == 500 })
        #expect(bench.runner.lookCount == 0)
    }
}

/// A real nsd with a zone of the tests' own: each option, as it accepts and as it rejects.
@Suite(.enabled(if: NameDaemon.isInstalled, "needs nsd"))
struct DNSServerTests {
    private let bench: CheckBench
    private let server: NameDaemon

    init() throws {
        bench = try CheckBench()
        server = try NameDaemon()
    }

    private func saw(
        _ name: String, _ record: DNSRecordType = .a,
        _ change: (inout DNSCheck) -> Void = { _ in }
    ) throws -> String {
        try bench.saw(try bench.question(server.address, name, record, change))
    }

    private func expecting(_ wanted: [String]) -> (inout DNSCheck) -> Void {
        { check in
            let record = check.record
            check.expect = .all(wanted.map { DNSCheck.Wanted(record.canonical($0) ?? "none") })
        }
    }

    @Test func `every type of record is looked at, over UDP, TCP and IPv6`() throws {
        let rows: [(String, DNSRecordType, [String])] = [
            ("www.checkmesh.test", .a, ["192.0.2.81", "192.0.2.80"]),
            ("www.checkmesh.test.", .aaaa, ["2001:DB8:0:0::80"]),
            ("alias.checkmesh.test", .cname, ["further.checkmesh.test."]),
            // Along both aliases.
            ("ALIAS.checkmesh.test", .a, ["192.0.2.80", "192.0.2.81"]),
            ("checkmesh.test", .ns, ["NS1.checkmesh.test", "ns2.checkmesh.test."]),
            (
                "checkmesh.test", .soa,
                [
                    "ns1.checkmesh.test. hostmaster.checkmesh.test. 2026112101 3600 600 86400 60"
                ]
            ),
            ("80.2.0.192.in-addr.arpa", .ptr, ["www.checkmesh.test"]),
            ("checkmesh.test", .mx, ["20 backup.example", "10 mail.checkmesh.test"]),
            ("checkmesh.test", .txt, ["v=spf1 ip4:192.0.2.0/24 -all"]),
            ("quoted.checkmesh.test", .txt, [#"say "hi" \200"#]),
            ("_sip._tcp.checkmesh.test", .srv, ["10 60 5060 sip.example."]),
            (
                "checkmesh.test", .caa,
                [
                    #"0 issue "letsencrypt.org""#,
                    #"128 iodef "mailto:security@checkmesh.test""#,
                ]
            ),
        ]
        for (name, record, wanted) in rows {
            let right = expecting(wanted)
            #expect(try saw(name, record, right) == "up: ", "\(name) \(record.word)")
            #expect(
                try saw(name, record) {
                    right(&$0)
                    $0.transport = .tcp
                } == "up: ", "\(name) \(record.word) over TCP")
            let overIPv6 = try bench.question(server.address6, name, record, right)
            #expect(try bench.saw(overIPv6) == "up: ")
            let wrong = expecting(record == .a ? ["192.0.2.1"] : record == .aaaa ? ["::1"] : ["x"])
            #expect(try saw(name, record, wrong).hasPrefix("down: \(record.word) records: missing"))
        }
    }

    @Test func `an address has a name of its own`() throws {
        for address in ["192.0.2.80", "2001:db8::80"] {
            let literal = try #require(SocketAddress(numericHost: address, port: 0))
            let reversed = DNSName(reversing: literal).description
            #expect(try saw(reversed, .ptr, expecting(["www.checkmesh.test"])) == "up: ")
        }
    }

    @Test func `a list is every record, in any order`() throws {
        #expect(
            try saw("www.checkmesh.test", .a, expecting(["192.0.2.80"]))
                == "down: A records: unexpected 192.0.2.81")
        #expect(
            try saw(
                "www.checkmesh.test", .a,
                expecting(["192.0.2.81", "192.0.2.80", "192.0.2.82"]))
                == "down: A records: missing 192.0.2.82")
    }

    @Test func `a text is a part of one record, but an address is whole`() throws {
        func one(_ text: String) -> (inout DNSCheck) -> Void {
            { $0.expect = .one(.contains(text)) }
        }
        #expect(try saw("checkmesh.test", .txt, one("ip4:192.0.2")) == "up: ")
        #expect(
            try saw("checkmesh.test", .mx, one("other"))
                == "down: no MX record contains 'other': 10 mail.checkmesh.test, 20 backup.example")
        #expect(try saw("hundred.checkmesh.test", .a, one("192.0.2.100")) == "up: ")
        #expect(
            try saw("hundred.checkmesh.test", .a, one("192.0.2.10"))
                == "down: no A record is '192.0.2.10': 192.0.2.100")
        // What is no whole address is a part.
        #expect(try saw("hundred.checkmesh.test", .a, one("192.0.2.")) == "up: ")
        #expect(try saw("www.checkmesh.test", .aaaa, one("2001:DB8::0:80")) == "up: ")
    }

    @Test func `an expression is looked for in each record`() throws {
        func match(_ text: String) -> (inout DNSCheck) -> Void {
            { $0.expect = .one(.matches(text)) }
        }
        #expect(try saw("checkmesh.test", .mx, match("^20 [a-z]+\\.example$")) == "up: ")
        #expect(
            try saw("ten.checkmesh.test", .a, match("^10\\."))
                == "down: no A record matches '^10\\.': 192.0.2.10")
    }

    @Test func `a code may be the wish`() throws {
        let none = DNSCode.noSuchName
        #expect(
            try saw("nobody.checkmesh.test") == "down: answered NXDOMAIN, expected NOERROR")
        #expect(try saw("nobody.checkmesh.test") { $0.codes = [none] } == "up: ")
        #expect(
            try saw("www.checkmesh.test") { $0.codes = [none] }
                == "down: answered NOERROR, expected NXDOMAIN")
        #expect(try saw("www.checkmesh.test") { $0.codes = [.noError, none] } == "up: ")
        // nsd answers for nobody else's names.
        let refused = try #require(DNSCode(word: "refused"))
        #expect(try saw("www.example.com") { $0.codes = [refused] } == "up: ")
    }

    @Test func `there must be answers, as many as were asked for`() throws {
        #expect(
            try saw("ten.checkmesh.test", .aaaa)
                == "down: no AAAA record for ten.checkmesh.test")
        #expect(try saw("ten.checkmesh.test", .aaaa) { $0.minAnswers = 0 } == "up: ")
        #expect(try saw("www.checkmesh.test") { $0.minAnswers = 2 } == "up: ")
        #expect(
            try saw("www.checkmesh.test") { $0.minAnswers = 3 }
                == "down: 2 A records, expected at least 3")
        // An alias that leads nowhere has the code of where it leads.
        #expect(
            try saw("dangling.checkmesh.test") == "down: answered NXDOMAIN, expected NOERROR")
    }

    @Test func `what fits no datagram comes over TCP`() throws {
        #expect(try saw("many.checkmesh.test") { $0.minAnswers = 400 } == "up: ")
    }
}
