import MeshChecks
import MeshConfiguration
import MeshCore
import Testing

struct ExecCheckReaderTests {
    private func exec(
        _ members: String, in reading: Reading = Reading()
    ) throws -> (ExecCheck, text: String) {
        let check = try reading.check(#"{"name": "a", "type": "exec", \#(members)}"#)
        guard case .exec(let exec) = check.kind else { throw Unexpected() }
        return (exec, String(decoding: check.definition.text, as: UTF8.self))
    }

    struct Unexpected: Error {}

    @Test func `a command alone is enough`() throws {
        let (check, text) = try exec(#""command": "true""#)
        var wanted = ExecCheck(command: "true")
        wanted.shown = "true"
        #expect(check == wanted && CheckKind.exec(check).target == "true")
        #expect(text == #"{"command":"true","type":"exec"}"#)
    }

    @Test func `every option reaches the check and its definition`() throws {
        var reading = Reading()
        reading.variables = ["PASSWORD": "hunter2", "DIR": "/srv"]
        let (check, text) = try exec(
            #"""
            "command": "bin/look", "arguments": ["--fast", "--password=${PASSWORD}"],
            "environment": {"ZONE": "a", "API_TOKEN": "abcdefgh", "LOGIN": "me:${PASSWORD}"},
            "inherit_environment": true, "directory": "${DIR}/x", "nagios": true, "raise": "warn",
            "must_contain": "fine", "must_not_match": "(?i)error", "attempts": 3,
            "attempts_may_fail": 1, "timeout": "5s"
            """#, in: reading)
        #expect(check.command == "/etc/mesh/bin/look")
        #expect(check.target == "bin/look --fast --password=${PASSWORD}")
        #expect(check.arguments == ["--fast", "--password=hunter2"])
        #expect(check.environment.map(\.name) == ["API_TOKEN", "LOGIN", "ZONE"])
        #expect(check.environment.map(\.value.revealed) == ["abcdefgh", "me:hunter2", "a"])
        #expect(check.inheritance == .all && check.directory == "/srv/x")
        #expect(check.statuses == .nagios && check.failure == .degraded)
        #expect(check.output.required == [.contains("fine")])
        #expect(check.output.forbidden == [.matches("(?i)error")])
        #expect(check.attempts.failuresAllowed == 1 && check.attempts.count == 3)
        let redaction = CheckKind.exec(check).redaction
        #expect(redaction.redact("no hunter2, no abcdefgh, but a") == "no ***, no ***, but a")
        #expect(
            text == #"{"arguments":["--fast","--password=${PASSWORD}"],"attempts":3,"#
                + #""attempts_may_fail":1,"command":"bin/look","directory":"${DIR}/x","#
                + #""environment":{"API_TOKEN":"***","LOGIN":"me:${PASSWORD}","ZONE":"a"},"#
                + #""inherit_environment":true,"must_contain":"fine","must_not_match":"(?i)error","#
                + #""nagios":true,"raise":"warn","timeout":"5s","type":"exec"}"#)
    }

    @Test func `a program that this machine lacks is worth a warning`() throws {
        let json =
            #"{\#(Reading.mesh), "checks": [{"name": "a", "type": "exec", "command": "/nowhere/x"}]}"#
        #expect(
            try Reading().warnings(json) == [
                "checks[0].command: \"/nowhere/x\" is no program that can be run on this machine:"
                    + " from here the check says nothing"
            ])
        #expect(
            try Reading().warnings(json.replacing("/nowhere/x", with: "/bin/sh")).isEmpty)
        #expect(try Reading().warnings(json.replacing("/nowhere/x", with: "sh")).isEmpty)
    }

    @Test func `what is said for all kinds is part of the definition, tags are not`() throws {
        let reading = Reading()
        let plain = #"{"name": "a", "type": "tcp", "address": "a.example:1""#
        let check = try reading.check(plain + #", "tags": ["b", "a", "b"]}"#)
        #expect(check.tags == ["a", "b"])
        #expect(check.definition.text == (try reading.check(plain + "}").definition.text))
        let other = try reading.check(plain + #", "invert": true}"#)
        #expect(other.kind.attempts.isInverted)
        #expect(other.definition.definition != check.definition.definition)
    }
}
