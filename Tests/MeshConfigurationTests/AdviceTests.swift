import MeshConfiguration
import Testing

/// What is valid, and hardly meant.
struct AdviceTests {
    private let reading = Reading()
    private static let check =
        #""checks": [{"name": "a", "type": "tcp", "address": "a.example:1"}]"#
    private static let contact =
        #""contacts": [{"name": "c", "type": "webhook", "url": "https://c.example/"}]"#

    private func advice(_ rest: String, peers: String = "[]") throws -> [String] {
        let mesh = """
            "mesh": {"name": "m", "secret": "0123456789abcdef", "peers": \(peers)}
            """
        return try reading.configuration("{\(mesh), \(rest)}").advice.map(\.description)
    }

    @Test func `a watch that tells nobody says so`() throws {
        #expect(
            try advice(Self.check) == ["contacts: there are none: nobody will be told of anything"])
        #expect(
            try advice("\(Self.check), \(Self.contact)") == [
                "alerts: none is for any check: nobody will be told when that changes"
            ])
        let alerts = #""alerts": [{"check": "*", "contact": "c"}]"#
        #expect(try advice("\(Self.check), \(Self.contact), \(alerts)").isEmpty)
        let off = #""checks": [{"name": "a", "type": "tcp", "address": "a:1", "enabled": false}]"#
        #expect(try advice(off).isEmpty)
        #expect(try advice(#""checks": []"#).isEmpty)
    }

    @Test func `checks that no alert is for are named, a few of them`() throws {
        let checks = (1...6).map { #"{"name": "c\#($0)", "type": "tcp", "address": "a:1"}"# }
            .joined(separator: ", ")
        let alerts = #""alerts": [{"check": "c1", "contact": "c"}]"#
        #expect(
            try advice("\"checks\": [\(checks)], \(Self.contact), \(alerts)") == [
                #"alerts: none is for "c2", "c3", "c4" and 2 more: nobody will be told when that changes"#
            ])
    }

    @Test func `two nodes cannot do without each other`() throws {
        let found = try advice(#""checks": []"#, peers: #"["b.example:7946"]"#)
        #expect(found.count == 1 && found[0].hasPrefix("mesh.peers: two nodes"))
    }

    @Test func `a node whose only peer is itself would wait for ever`() throws {
        var reading = Reading()
        reading.flags.bind = "192.0.2.9:7946"
        let json =
            #""mesh": {"name": "m", "secret": "0123456789abcdef", "peers": ["192.0.2.9:7946"]}"#
        let found = try reading.configuration("{\(json)}").advice
        #expect(found.map(\.path) == ["mesh.peers"])
        #expect(found[0].message.hasPrefix("names this node alone"))
    }

    @Test func `more zones than confirmations are worth a word, and so are more than can sign`()
        throws
    {
        func check(_ name: String, _ zones: Int, _ confirmations: Int) -> String {
            """
            {"name": "\(name)", "type": "tcp", "address": "a:1", "enabled": false,
             "zones_required": \(zones), "confirmations": \(confirmations)}
            """
        }
        let fine = [check("a", 3, 3), check("b", 1, 1)]
        #expect(try advice("\"checks\": [\(fine.joined(separator: ", "))]").isEmpty)
        let wide = [check("a", 4, 3), check("b", 13, 1)]
        let found = try advice("\"checks\": [\(wide.joined(separator: ", "))]")
        #expect(found.count == 1)
        #expect(
            found.first?.hasPrefix(#"checks: "a", "b" requires more zones than it has"#) == true)
        let most = try advice("\"checks\": [\(check("c", 14, 1))]")
        #expect(most.count == 2 && most.last?.contains("nothing is ever decided") == true)
    }

    @Test func `a quorum of all of three waits for each of them`() throws {
        let all = """
            "checks": [{"name": "a", "type": "tcp", "address": "a:1", "quorum": "all",
                        "enabled": false}]
            """
        let peers = #"["b.example:7946", "c.example:7946"]"#
        #expect(
            try advice(all, peers: peers) == [
                #"checks: "a" asks for the word of "all" 3 nodes: nothing is decided about it while one is away"#
            ])
        #expect(try advice(all, peers: #"["b:1", "c:1", "d:1"]"#).isEmpty)
    }
}
