import MeshConfiguration
import MeshCore
import Testing

/// As `ProblemTests`, for the fields of checks.
struct CheckProblemTests {
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
            "checks[0].shell: unknown key"
        ),
        ("1", "checks[0]: expected an object in braces, found a number"),
    ])
    func `a check that is wrong is told`(check: String, expected: String) {
        let json = "{\(Reading.mesh), \"checks\": [\(check)]}"
        #expect(Reading().problems(json) == [expected])
    }
}
