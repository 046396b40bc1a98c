import MeshConfiguration
import MeshCore
import Testing

/// One line for each thing that can be wrong: what is written, and what its operator reads.
struct ProblemTests {
    private func problems(ofCheck members: String, in reading: Reading = Reading()) -> [String] {
        reading.problems(
            """
            {\(Reading.mesh), "checks": [{"name": "a", "type": "http", "url": "http://a.example/",
            \(members)}]}
            """)
    }

    @Test(arguments: [
        (
            #""name": "a b", "secret": "0123456789abcdef""#,
            "mesh.name: \"a b\" is no name: write 1 to 63 of a-z, A-Z, 0-9, \"-\", \"_\" and \".\""
        ),
        (#""secret": "0123456789abcdef""#, "mesh.name: is missing: give the mesh a name"),
        (#""name": "m""#, "mesh.secret: is missing: make one with \"checkmesh keygen\""),
        (
            #""name": "m", "secret": "short""#,
            "mesh.secret: is shorter than 16 bytes: make one with \"checkmesh keygen\""
        ),
        (
            #""name": "m", "secret_file": "short""#,
            "mesh.secret_file: is shorter than 16 bytes: make one with \"checkmesh keygen\""
        ),
        (#""name": "m", "secret_file": "none""#, "mesh.secret_file: open /etc/mesh/none: absent"),
        (
            #""name": "m", "secret_file": "long""#,
            "mesh.secret_file: /etc/mesh/long: is larger than 1026 bytes"
        ),
        (
            #""name": "m", "secret": "0123456789abcdef", "secret_file": "x""#,
            "mesh.secret_file: mesh.secret is there as well: keep one of them"
        ),
        (#""name": "m", "secret": """#, "mesh.secret: is empty"),
        (
            #""name": "m", "secret": "0123456789abcdef", "previous_secrets": ["short"]"#,
            "mesh.previous_secrets[0]: has 5 bytes: a secret has 16 to 1024"
        ),
        (
            #""name": "m", "secret": "0123456789abcdef", "peers": ["a.example"]"#,
            "mesh.peers[0]: \"a.example\" has no port: write HOST:PORT"
        ),
        (
            #""name": "m", "secret": "0123456789abcdef", "peers": [1]"#,
            "mesh.peers[0]: expected a text in quotes, found a number"
        ),
        (
            #""name": "m", "secret": "0123456789abcdef", "peers": "a:1""#,
            "mesh.peers: expected a list in brackets, found a text"
        ),
        (
            #""name": "m", "secret": "0123456789abcdef", "trust": "all""#,
            "mesh.trust: \"all\" is neither \"secret\" nor \"roster\""
        ),
        (
            #""name": "m", "secret": "0123456789abcdef", "trust": "roster""#,
            "mesh.roster: is empty: with trust \"roster\" nobody could vote"
        ),
        (
            #""name": "m", "secret": "0123456789abcdef", "roster": ["abc"]"#,
            "mesh.roster[0]: is no public key: write the 64 digits that \"checkmesh keygen --node\" prints"
        ),
        (
            #""name": "m", "secret": "0123456789abcdef", "pears": []"#,
            "mesh.pears: unknown key: the nearest known key is \"peers\""
        ),
    ])
    func `a mesh that is wrong is told`(members: String, expected: String) {
        var reading = Reading()
        reading.files = [
            "/etc/mesh/short": "short\n",
            "/etc/mesh/long": String(repeating: "a", count: 2_000),
        ]
        #expect(reading.problems("{\"mesh\": {\(members)}}") == [expected])
    }

    @Test(arguments: [
        (
            #""bind": "7946""#,
            "node.bind: \"7946\" has no port: write 192.0.2.1:7946 or [2001:db8::1]:7946"
        ),
        (
            #""bind": "a.example:7946""#,
            "node.bind: \"a.example:7946\" is no address in numbers: write 192.0.2.1:7946 or [2001:db8::1]:7946"
        ),
        (
            #""http": "127.0.0.1:99999""#,
            "node.http: \"127.0.0.1:99999\" has no port from 0 to 65535: write 192.0.2.1:7946 or [2001:db8::1]:7946"
        ),
        (
            #""advertise": "0.0.0.0""#,
            "node.advertise: 0.0.0.0:7946 is nowhere that others can reach: write an address"
        ),
        (
            #""name": "a b""#,
            "node.name: \"a b\" is no name: write 1 to 63 of a-z, A-Z, 0-9, \"-\", \"_\" and \".\""
        ),
        (
            #""zone": "${ZONE}""#,
            "node.zone: the variable ZONE is not set: set it, or write ${ZONE:-text}"
        ),
        (#""data": """#, "node.data: is no folder: write a path of 1 to 1024 bytes"),
        (#""binds": """#, "node.binds: unknown key: the nearest known key is \"bind\""),
    ])
    func `a node that is wrong is told`(member: String, expected: String) {
        #expect(Reading().problems("{\(Reading.mesh), \"node\": {\(member)}}") == [expected])
    }

    @Test(arguments: [
        (#""http": {"auth": {}}"#, "http.auth: is not supported yet by this version: leave it out"),
        (
            #""http": {"public_url": "example.com"}"#,
            "http.public_url: is no URL: begin it with http:// or https://"
        ),
        (
            #""http": {"title": ""}"#,
            "http.title: is no title: write 1 to 200 bytes without control characters"
        ),
        (
            #""http": {"tokens": ["abc"]}"#,
            "http.tokens[0]: is no hash of a token: make both with \"checkmesh keygen --token\""
        ),
        (
            #""storage": {"type": "fs"}"#,
            "storage: is not supported yet by this version: leave it out"
        ),
        (#""version": 0"#, "version: 0 is below the minimum of 1"),
        (#""defaults": {"timeout": "1h"}"#, "defaults.timeout: 1h is above the maximum of 2m"),
        (
            #""defaults": {"intervall": "1s"}"#,
            "defaults.intervall: unknown key: the nearest known key is \"interval\""
        ),
        (
            #""watch": []"#,
            "watch: unknown key: known are \"alerts\", \"checks\", \"contacts\", \"defaults\","
                + " \"http\", \"mesh\", \"node\" and \"version\""
        ),
        (#""check": []"#, "check: unknown key: the nearest known key is \"checks\""),
        (
            #""contacts": [{"name": "a", "type": "email"}]"#,
            "contacts[0].type: \"email\" is not supported yet by this version: it has \"webhook\""
        ),
        (
            #""contacts": [{"name": "a", "type": "webhook"}]"#,
            "contacts[0].url: is missing: write where to post, such as \"https://chat.example.com/hook\""
        ),
        (
            #""contacts": [{"name": "a", "type": "webhook", "url": "x"}]"#,
            "contacts[0].url: is no URL: begin it with http:// or https://"
        ),
        (
            #""contacts": [{"name": "a", "type": "webhook", "url": "http://a.example", "ur": 1}]"#,
            "contacts[0].ur: unknown key: the nearest known key is \"url\""
        ),
        (
            #""alerts": [{"check": "a", "contact": "b"}]"#,
            "alerts[0].contact: there is no contact \"b\", nor any other|alerts[0].check: there is no check \"a\", nor any other"
        ),
    ])
    func `another section that is wrong is told`(member: String, expected: String) {
        let problems = Reading().problems("{\(Reading.mesh), \(member)}")
        #expect(problems == expected.split(separator: "|").map(String.init))
    }

    private static let world = """
        \(Reading.mesh), "checks": [{"name": "web", "type": "tcp", "address": "a.example:1"}],
        "contacts": [{"name": "chat", "type": "webhook", "url": "http://a.example/"}]
        """

    @Test(arguments: [
        (
            #"{"check": "wbe", "contact": "chat"}"#,
            "alerts[0].check: there is no check \"wbe\": the nearest name is \"web\""
        ),
        (
            #"{"check": "web", "contact": "chart"}"#,
            "alerts[0].contact: there is no contact \"chart\": the nearest name is \"chat\""
        ),
        (
            #"{"contact": "chat"}"#,
            "alerts[0].check: is missing: write a check's name, or \"*\" for all of them"
        ),
        (#"{"check": "*"}"#, "alerts[0].contact: is missing: write a contact's name"),
        (
            #"{"check": "*", "contact": "chat", "on": "down"}"#,
            "alerts[0].on: \"down\" is none of \"offline\", \"online\" and \"both\""
        ),
        (
            #"{"check": "*", "contact": "chat", "degrade": true}"#,
            "alerts[0].degrade: unknown key: the nearest known key is \"degraded\""
        ),
    ])
    func `an alert that is wrong is told`(alert: String, expected: String) {
        #expect(Reading().problems("{\(Self.world), \"alerts\": [\(alert)]}") == [expected])
    }

    @Test func `every problem is told in one go, with its line`() {
        let json = """
            {
              "mesh": {"name": "m"},
              "checks": [
                {"name": "a", "type": "http", "url": "http://a.example/", "interval": "200ms"},
                {"name": "a", "type": "tcp", "adress": "b.example:1"}
              ],
              "storage": {}
            }
            """
        let error = #expect(throws: ConfigurationFault.self) { try Reading().load(json) }
        #expect(
            error?.lines == [
                "mesh.secret: is missing: make one with \"checkmesh keygen\" (line 2)",
                "checks[0].interval: 200ms is below the minimum of 1s (line 4)",
                "checks[1].name: \"a\" is checks[0]'s name already: rename one of them (line 5)",
                "checks[1].address: is missing: write HOST:PORT (line 5)",
                "checks[1].adress: unknown key: the nearest known key is \"address\" (line 5)",
                "storage: is not supported yet by this version: leave it out (line 7)",
            ])
    }

    @Test func `an alert to what was refused is no second problem`() {
        let json = """
            {\(Reading.mesh), "checks": [{"name": "a", "type": "icmp"}],
             "contacts": [{"name": "b", "type": "email"}], "alerts": [{"check": "a", "contact": "b"}]}
            """
        #expect(Reading().problems(json).count == 2)
    }

    @Test func `more problems than a person reads are counted`() {
        let checks = (0..<150).map { "{\"name\": \"\($0)\", \"type\": \"x\"}" }
        let json = "{\(Reading.mesh), \"checks\": [\(checks.joined(separator: ","))]}"
        let error = #expect(throws: ConfigurationFault.self) { try Reading().load(json) }
        #expect(error?.lines.count == 101)
        #expect(error?.lines.last == "and 50 more problems")
    }

    @Test func `a definition beyond its bound is refused`() {
        let headers = (0..<8).map { "\"X-\($0)\": \"\(String(repeating: "a", count: 4_000))\"" }
        let found = problems(ofCheck: "\"headers\": {\(headers.joined(separator: ","))}")
        #expect(found.count == 1)
        #expect(found.first?.contains("above the maximum of 16384") == true)
    }

    @Test func `more checks than a node can be given are refused`() {
        let checks = [String](repeating: "{}", count: 20_001).joined(separator: ",")
        #expect(
            Reading().problems("{\(Reading.mesh), \"checks\": [\(checks)]}")
                == ["checks: 20001 entries are above the maximum of 20000"])
    }

    @Test func `what is no JSON, or no object, says so`() {
        #expect(
            Reading().problems("{\n  \"mesh\": }")
                == ["line 2, column 11: expected a value, found \"}\""])
        #expect(Reading().problems("[]") == ["expected an object in braces, found a list"])
        #expect(
            Reading().problems(#"{"checkers": []}"#)
                == [
                    "checkers: this is Checkup's file, which \"checkmesh check\" runs: a node needs a mesh.json"
                ])
    }

    @Test func `no problem shows a secret`() {
        var reading = Reading()
        reading.variables = ["S": "hunter2hunter2", "U": "https://hunter2@a.example/"]
        let json = """
            {"mesh": {"name": "m", "secret": "${S}", "previous_secrets": ["hunter2"]},
             "checks": [{"name": "a", "type": "http", "url": "${U}", "username": "a:b", "password": "hunter2"}],
             "contacts": [{"name": "b", "type": "webhook", "url": "${U}"}]}
            """
        let problems = reading.problems(json)
        #expect(problems.count == 5)
        #expect(!problems.joined().contains("hunter2"))
    }
}
