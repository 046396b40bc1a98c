import MeshChecks
import MeshConfiguration
import MeshCore
import MeshEngine
import MeshNotices
import Testing

struct DependencyTests {
    private func file(_ checks: [(name: String, more: String)]) -> String {
        let entries = checks.map {
            #"{"name": "\#($0.name)", "type": "tcp", "address": "a.example:1"\#($0.more)}"#
        }
        return "{\(Reading.mesh), \"checks\": [\(entries.joined(separator: ","))]}"
    }

    private func on(_ names: String...) -> String {
        ", \"depends_on\": [\(names.map { "\"\($0)\"" }.joined(separator: ","))]"
    }

    @Test func `what a check depends on is known with all that that depends on`() throws {
        let configuration = try Reading().configuration(
            file([
                (
                    "page",
                    on("web", "gateway") + #", "interval": "10s", "delay": 2, "timeout": "3s""#
                ),
                ("web", on("host")), ("host", on("gateway")), ("gateway", ""),
            ]))
        let names = configuration.checks.map { $0.definition }
        let found = configuration.plan.dependencies
        #expect(found.count == 3)
        #expect(found[names[0].id]?.bases.map(\.name.text) == ["web", "host", "gateway"])
        #expect(found[names[0].id]?.grace == .seconds(10 * 3 + 3 + 5))
        #expect(found[names[1].id]?.bases.map(\.name.text) == ["host", "gateway"])
        #expect(found[names[2].id]?.bases.map(\.name.text) == ["gateway"])
        // It is a matter of telling, not of looking.
        let alone = try Reading().configuration(file([("host", "")]))
        #expect(names[2].definition == alone.checks[0].definition.definition)
    }

    @Test func `names that are none, circles and oneself are problems`() {
        #expect(
            Reading().problems(file([("web", on("gatway")), ("gateway", "")])) == [
                #"checks[0].depends_on[0]: there is no check "gatway": the nearest name is "gateway""#
            ])
        #expect(
            Reading().problems(file([("web", on("web"))]))
                == ["checks[0].depends_on[0]: is this check itself: leave it out"])
        #expect(
            Reading().problems(
                file([("x", on("a")), ("a", on("b")), ("b", on("c")), ("c", on("a")), ("d", "")]))
                == [#"checks[1].depends_on: leads back to this check: "a" -> "b" -> "c" -> "a""#])
        #expect(
            Reading().problems(file([("web", #", "depends_on": "gateway""#)]))
                == ["checks[0].depends_on: expected a list in brackets, found a text"])
        let many = (0..<70).map { ("c\($0)", $0 == 0 ? "" : on("c\($0 - 1)")) }
        #expect(
            Reading().problems(file(many)).first
                == "checks[65].depends_on: depends on 65 checks, all in all, above the maximum of 64"
        )
    }

    @Test func `nothing depends on what is switched off`() throws {
        let json = file([("web", on("gateway")), ("gateway", #", "enabled": false"#)])
        #expect(try Reading().configuration(json).plan.dependencies.isEmpty)
        #expect(
            try Reading().warnings(json) == [
                #"checks[0].depends_on: "gateway" is switched off: nothing depends on it meanwhile"#
            ])
    }

    @Test func `twenty thousand checks in one chain stop nothing`() {
        let many = (0..<20_000).map { ("c\($0)", $0 == 0 ? "" : on("c\($0 - 1)")) }
        #expect(Reading().problems(file(many)).count == 100)
    }
}
