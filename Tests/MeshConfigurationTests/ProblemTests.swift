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
        (#""interval": "200ms""#, "interval: 200ms is below the minimum of 1s"),
        (#""interval": "25h""#, "interval: 1d1h is above the maximum of 1d"),
        (
            #""interval": 30"#,
            #"interval: 30 has no unit: write a duration such as "30s" or "500ms""#
        ),
        (
            #""interval": "fast""#,
            #"interval: "fast" is no duration: write "500ms", "30s", "5m" or "1h30m""#
        ),
        (#""interval": true"#, "interval: expected a text in quotes, found true or false"),
        (#""interval": "1s1us""#, "interval: 1s1us is not whole milliseconds"),
        (#""intervall": "30s""#, #"intervall: unknown key: the nearest known key is "interval""#),
        (
            #""must_contian": "x""#,
            #"must_contian: unknown key: the nearest known key is "must_contain""#
        ),
        (#""confirmations": 0"#, "confirmations: 0 is below the minimum of 1"),
        (#""confirmations": 32"#, "confirmations: 32 is above the maximum of 31"),
        (#""confirmations": 1.5"#, "confirmations: 1.5 is not a whole number"),
        (#""confirmations": "3""#, "confirmations: expected a whole number, found a text"),
        (#""confirmations": "${N:-x}""#, "confirmations: x is not a whole number"),
        (#""delay": -1"#, "delay: -1 is below the minimum of 0"),
        (#""zones_required": 16"#, "zones_required: 16 is above the maximum of 15"),
        (#""quorum": "most""#, #"quorum: "most" is neither "majority" nor "all" nor a number"#),
        (#""quorum": 4"#, "quorum: 4 is above the check's confirmations of 3: nobody could agree"),
        (#""quorum": []"#, #"quorum: expected "majority", "all" or a number"#),
        (#""timeout": "50ms""#, "timeout: 50ms is below the minimum of 100ms"),
        (#""attempts": 101"#, "attempts: 101 is above the maximum of 100"),
        (
            #""attempts": 3, "attempt_spacing": "30s""#,
            "attempts: 3 attempts, 30s apart, do not fit into an interval of 1m"
        ),
        (
            #""threshold_rtt": "20s""#,
            "threshold_rtt: 20s is not below the timeout of 10s: such an answer is down, never degraded"
        ),
        (#""enabled": "yes""#, "enabled: expected true or false"),
        (#""attempts_may_fail": 100"#, "attempts_may_fail: 100 is above the maximum of 99"),
        (
            #""attempts": 2, "attempts_may_fail": 2"#,
            "attempts_may_fail: 2 is not below the number of attempts, 2: nothing could be down"
        ),
        (
            #""invert": true, "threshold_rtt": "1s""#,
            #"threshold_rtt: means nothing with "invert": no answer is the wish"#
        ),
        (#""tags": "web""#, "tags: expected a list in brackets, found a text"),
        (
            #""tags": [""]"#,
            "tags[0]: is no tag: write 1 to 64 bytes without control characters"
        ),
        (
            #""method": "get""#,
            #"method: "get" is no method: write GET, HEAD, POST or another in capitals"#
        ),
        (#""headers": []"#, "headers: expected an object in braces, found a list"),
        (
            #""headers": {"a b": "c"}"#,
            "headers.a b: is no header line: a name without spaces or colons, a value without control characters"
        ),
        (
            #""headers": {"Host": 1}"#,
            "headers.Host: expected a text or a list of texts, found a number"
        ),
        (
            #""headers": {"Content-Length": "1"}"#,
            "headers.Content-Length: is not yours to set: it says how the request is framed; leave it out"
        ),
        (#""body": """#, "body: is empty: leave it out"),
        (
            #""expect_status": 99"#,
            #"expect_status: "99" is no status from 100 to 599: write 200, "2xx", "200-299" or "any""#
        ),
        (
            #""expect_status": ["6xx"]"#,
            #"expect_status: "6xx" is no status from 100 to 599: write 200, "2xx", "200-299" or "any""#
        ),
        (
            #""expect_status": ["300-200"]"#,
            #"expect_status: "300-200" is no status from 100 to 599: write 200, "2xx", "200-299" or "any""#
        ),
        (#""expect_status": []"#, "expect_status: is empty: no answer would do"),
        (
            #""expect_status": true"#,
            #"expect_status: expected codes such as 200, "2xx" or "200-299""#
        ),
        (#""username": "me""#, "username: has no password or password_file beside it"),
        (#""password": "x""#, "password: has no username beside it"),
        (
            #""username": "a:b", "password": "x""#,
            "username: is no name: write 1 to 256 bytes without a colon"
        ),
        (
            #""password_file": "absent", "username": "me""#,
            "password_file: open /etc/mesh/absent: absent"
        ),
        (#""tls_ca_file": "empty""#, "tls_ca_file: holds no certificate in PEM form"),
        (
            #""tls_ca_file": "ca", "tls_skip_verify": true"#,
            "tls_ca_file: means nothing with tls_skip_verify: keep one of them"
        ),
        (
            #""must_contain": "$1""#,
            "must_contain: has a single \"$\": write $$ for a dollar, ${NAME} for a variable"
        ),
        (
            #""must_contain": "${NONE}""#,
            "must_contain: the variable NONE is not set: set it, or write ${NONE:-text}"
        ),
        (#""must_contain": "${1A}""#, "must_contain: has ${1A}: write ${NAME} or ${NAME:-text}"),
        (#""must_contain": "${A-b}""#, "must_contain: has ${A-b}: write ${NAME} or ${NAME:-text}"),
        (
            #""must_contain": "${A""#,
            "must_contain: has \"${\" without \"}\": write ${NAME}, or $$ for a dollar"
        ),
        (
            #""must_contain": "${A:-$b}""#,
            "must_contain: has a \"$\" in the default of A: a default is plain text"
        ),
    ])
    func `a field of a check that is wrong is told with its path and a remedy`(
        member: String, expected: String
    ) {
        var reading = Reading()
        reading.files = ["/etc/mesh/empty": "", "/etc/mesh/ca": "-----BEGIN CERTIFICATE-----"]
        #expect(problems(ofCheck: member, in: reading) == ["checks[0].\(expected)"])
    }

    @Test(arguments: [
        (
            #"{"type": "tcp", "address": "a.example:1"}"#,
            "checks[0].name: is missing: give it one of its own"
        ),
        (
            #"{"name": "", "type": "tcp", "address": "a.example:1"}"#,
            "checks[0].name: is no name: write 1 to 128 bytes without control characters"
        ),
        (
            #"{"name": "mesh", "type": "tcp", "address": "a.example:1"}"#,
            "checks[0].name: \"mesh\" is the built-in check: choose another name"
        ),
        (
            #"{"name": "a"}"#,
            "checks[0].type: is missing: write one of \"dns\", \"exec\", \"http\", \"icmp\", \"tcp\" and \"tls\""
        ),
        (
            #"{"name": "a", "type": "heartbeat"}"#,
            "checks[0].type: \"heartbeat\" is not supported yet by this version: it has \"dns\", \"exec\", \"http\", \"icmp\", \"tcp\" and \"tls\""
        ),
        (
            #"{"name": "a", "type": "htp"}"#,
            "checks[0].type: \"htp\" is unknown: the nearest known type is \"http\""
        ),
        (
            #"{"name": "a", "type": "http"}"#,
            "checks[0].url: is missing: write what to ask for, such as \"https://www.example.com/\""
        ),
        (
            #"{"name": "a", "type": "http", "url": "a.example"}"#,
            "checks[0].url: is no URL: begin it with http:// or https://"
        ),
        (
            #"{"name": "a", "type": "http", "url": "http://me:pw@a.example"}"#,
            "checks[0].url: has a name or a password before the host: write them as username and password"
        ),
        (#"{"name": "a", "type": "tcp"}"#, "checks[0].address: is missing: write HOST:PORT"),
        (
            #"{"name": "a", "type": "tcp", "address": "a.example"}"#,
            "checks[0].address: has no port: write HOST:PORT"
        ),
        (
            #"{"name": "a", "type": "tcp", "address": "a.example:1", "expect": "a\nb"}"#,
            "checks[0].expect: has a line end, and one line is read: write a part of it, or \"expect_lines\""
        ),
        (
            #"{"name": "a", "type": "tcp", "address": "a.example:1", "tls_skip_verify": true}"#,
            "checks[0].tls_skip_verify: means nothing without \"tls\": true"
        ),
        (
            #"{"name": "a", "type": "tcp", "address": "a.example:1", "adress": 1}"#,
            "checks[0].adress: unknown key: the nearest known key is \"address\""
        ),
        (
            #"{"name": "a", "type": "exec"}"#,
            "checks[0].command: is missing: write a program's path, or its name in PATH"
        ),
        (
            #"{"name": "a", "type": "exec", "command": ""}"#,
            "checks[0].command: is empty: leave it out"
        ),
        (
            #"{"name": "a", "type": "exec", "command": "a\u0000"}"#,
            "checks[0].command: holds a zero byte, which ends a path"
        ),
        (
            #"{"name": "a", "type": "exec", "command": "a", "arguments": "b"}"#,
            "checks[0].arguments: expected a list in brackets, found a text"
        ),
        (
            #"{"name": "a", "type": "exec", "command": "a", "arguments": ["b", "\u0000"]}"#,
            "checks[0].arguments[1]: holds a zero byte, which ends an argument"
        ),
        (
            #"{"name": "a", "type": "exec", "command": "a", "environment": {"A": 1}}"#,
            "checks[0].environment.A: expected a text in quotes, found a number"
        ),
        (
            #"{"name": "a", "type": "exec", "command": "a", "environment": {"A=": "b"}}"#,
            "checks[0].environment.A=: is no variable: a name without \"=\", and both together at most 4096 bytes without a zero"
        ),
        (
            #"{"name": "a", "type": "exec", "command": "a", "raise": "wran"}"#,
            "checks[0].raise: \"wran\" is neither \"error\" nor \"warn\""
        ),
        (
            #"{"name": "a", "type": "exec", "command": "a", "shell": true}"#,
            "checks[0].shell: unknown key: the nearest known key is \"delay\""
        ),
        ("1", "checks[0]: expected an object in braces, found a number"),
    ])
    func `a check that is wrong is told`(check: String, expected: String) {
        let json = "{\(Reading.mesh), \"checks\": [\(check)]}"
        #expect(Reading().problems(json) == [expected])
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
