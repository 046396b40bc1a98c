import MeshChecks
import MeshConfiguration
import MeshCore
import MeshCrypto
import MeshPlatform
import Testing

@testable import checkmesh

/// Sees what it is told to, without a network.
private struct FakeLooker: Looker {
    var outcomes: [String: Observation.Outcome] = [:]

    func look(
        at kinds: [CheckKind], atOnce: Int, _ each: @escaping (Int, LookResult) -> Void
    ) throws(SystemError) {
        for (index, kind) in kinds.enumerated() {
            let outcome = outcomes[kind.target] ?? .saw(.up, .none)
            each(index, LookResult(Observation(outcome, latency: .microseconds(1_234))))
        }
    }
}

struct ProgramTests {
    private let folder = Folder()
    private let console = RecordingConsole()

    private func run(_ words: [String], _ outcomes: [String: Observation.Outcome] = [:])
        -> ExitCode
    {
        Program(
            console: console, cryptography: OpenSSLCryptography(),
            looker: FakeLooker(outcomes: outcomes)
        ).run(words)
    }

    private func configuration(_ checks: String = "") -> String {
        folder.write(
            """
            {"node": {"bind": "127.0.0.1:0", "name": "a"},
             "mesh": {"name": "m", "secret": "0123456789abcdef"}, "checks": [\(checks)]}
            """, to: "mesh.json")
    }

    private let three = """
        {"name": "web", "type": "tcp", "address": "a.example:1"},
        {"name": "off", "type": "tcp", "address": "b.example:1", "enabled": false},
        {"name": "mail", "type": "tcp", "address": "c.example:1"}
        """

    @Test func `the bare program is the gate of a job`() {
        let file = configuration(three)
        #expect(run(["-c", file]) == .fine)
        #expect(
            console.lines == [
                "NAME  STATE    TIME  TARGET       REASON", "web   up     1.2 ms  a.example:1  -",
                "mail  up     1.2 ms  c.example:1  -",
            ])
        let refused: [String: Observation.Outcome] = ["c.example:1": .saw(.down, Reason("refused"))]
        #expect(run(["-c", file], refused) == .failed)
        #expect(run(["-c", file, "check", "web"], refused) == .fine)
        #expect(run(["-c", file, "check", "off", "mail"], refused) == .failed)
        #expect(run(["-c", file], ["a.example:1": .abstained(.noResolver)]) == .failed)
        #expect(run(["-c", file, "check", "wbe"]) == .wrongUsage)
        #expect(console.errors.contains("there is no check \"wbe\": the nearest is \"web\""))
    }

    @Test func `tags choose among the checks`() {
        let file = configuration(
            """
            {"name": "web", "type": "tcp", "address": "a.example:1", "tags": ["shop", "front"]},
            {"name": "mail", "type": "tcp", "address": "c.example:1", "tags": ["office"]},
            {"name": "dns", "type": "tcp", "address": "d.example:1"}
            """)
        let refused: [String: Observation.Outcome] = [
            "c.example:1": .saw(.down, Reason("refused")), "d.example:1": .saw(.down, .none),
        ]
        #expect(run(["-c", file, "check", "--tag", "shop"], refused) == .fine)
        #expect(console.lines.count == 2)
        #expect(run(["-c", file, "check", "--tag", "shop", "--tag", "office"], refused) == .failed)
        #expect(run(["-c", file, "check", "--tag", "shop", "mail"], refused) == .fine)
        #expect(run(["-c", file, "check", "--tag", "shpo"]) == .wrongUsage)
        #expect(console.errors.contains("there is no tag \"shpo\": the nearest is \"shop\""))
    }

    @Test func `a Checkup's file runs as it is, and ends as Checkup did`() {
        let file = folder.write(
            #"""
            {"checkers": [
              {"type": "tcp", "endpoint_name": "Mail", "endpoint_url": "c.example:1", "nobody": 1},
              {"type": "http", "endpoint_name": "Web", "endpoint_url": "http://a.example/"}]}
            """#, to: "checkup.json")
        #expect(run(["-c", file]) == .fine)
        #expect(
            console.lines == [
                "NAME  STATE    TIME  TARGET             REASON",
                "Mail  up     1.2 ms  c.example:1        -",
                "Web   up     1.2 ms  http://a.example/  -",
            ])
        #expect(console.errors.isEmpty)
        #expect(run(["-c", file], ["c.example:1": .saw(.degraded, Reason("slow"))]) == .failed)
        let wrong = folder.write(
            #"{"checkers": [{"type": "x", "endpoint_url": "a"}]}"#, to: "wrong")
        #expect(run(["-c", wrong]) == .failed)
        #expect(run(["-c", file, "run"]) == .wrongUsage)
    }

    @Test func `many checks are summed up, with progress on a terminal`() {
        let many = (0..<12).map { index in
            #"{"name": "c\#(index)", "type": "tcp", "address": "\#(index == 3 ? "b" : "a").example:1"}"#
        }.joined(separator: ",")
        let refused: [String: Observation.Outcome] = ["b.example:1": .saw(.down, Reason("refused"))]
        let file = configuration(many)
        #expect(run(["-c", file], refused) == .failed)
        #expect(console.lines.last?.hasPrefix("12 checks in ") == true)
        #expect(console.lines.last?.hasSuffix(": 11 up, 1 down") == true)
        #expect(console.errors.isEmpty)
        let terminal = RecordingConsole(showsColours: true, columns: 80, errorColumns: 80)
        let program = Program(
            console: terminal, cryptography: OpenSSLCryptography(),
            looker: FakeLooker(outcomes: refused))
        #expect(program.run(["-c", file]) == .failed)
        #expect(terminal.errors.hasPrefix("\r\u{1B}[K1 of 12 checks, 0 not up"))
        #expect(terminal.errors.hasSuffix("\r\u{1B}[K"))
    }

    @Test func `on a narrow terminal a reason goes on in the next line`() {
        let narrow = RecordingConsole(columns: 60)
        let program = Program(
            console: narrow, cryptography: OpenSSLCryptography(),
            looker: FakeLooker(outcomes: [
                "a.example:1": .saw(.down, Reason("the answer took much too long"))
            ]))
        #expect(program.run(["-c", configuration(three), "check", "web"]) == .failed)
        #expect(
            narrow.lines == [
                "NAME  STATE    TIME  TARGET       REASON",
                "web   down   1.2 ms  a.example:1  the answer took much too",
                "                                  long",
            ])
    }

    @Test func `what could not be looked at says why, and attempts are told apart`() {
        var result = LookResult(Observation(.abstained(.noProgram), latency: .zero))
        result.measurements.remark = Reason("/x: there is no such program here")
        let entry = CheckList.Entry(name: "a", kind: .exec(ExecCheck(command: "/x")))
        let report = CheckReport(entry: entry, result: result)
        #expect(report.state == "unknown")
        #expect(
            report.reason
                == "this machine cannot run the check's program: /x: there is no such program here")
        let attempts: [Attempt] = [
            .answered(.milliseconds(12)), .failed(Reason("no"), after: .milliseconds(2)),
        ]
        let plan = AttemptPlan(count: 2, failuresAllowed: 1)
        let two = CheckReport(entry: entry, result: plan.conclude(attempts))
        #expect(two.remarks == "2 attempts: 12 ms, 2.0 ms failed")
        #expect(two.json.line.contains(#""attempts": [{"latency_ms": 12.0}, {"latency_ms": 2.0, "#))
    }

    @Test func `results are JSON for programs`() {
        #expect(run(["-c", configuration(three), "check", "web", "-o", "json"]) == .fine)
        #expect(
            console.output
                == #"{"checks": [{"name": "web", "type": "tcp", "target": "a.example:1", "#
                + #""state": "up", "reason": "", "latency_ms": 1.234}]}"# + "\n")
    }

    @Test func `a configuration that is wrong ends every command that needs it`() {
        let file = folder.write(#"{"mesh": {"name": "m"}, "chekcs": []}"#, to: "bad.json")
        for command in ["validate", "check"] {
            let console = RecordingConsole()
            let program = Program(
                console: console, cryptography: OpenSSLCryptography(), looker: FakeLooker())
            #expect(program.run(["-c", file, command]) == .wrongUsage)
            #expect(console.output.isEmpty)
            #expect(
                console.errors == """
                    mesh.secret: is missing: make one with "checkmesh keygen" (line 1)
                    chekcs: unknown key: the nearest known key is "checks" (line 1)

                    """)
        }
        #expect(run(["validate", "-c", file, "-o", "json"]) == .wrongUsage)
        #expect(
            console.output.hasPrefix(
                #"{"valid": false, "problems": [{"path": "mesh.secret", "message": "is missing"#))
        #expect(run(["validate", "-c", "\(folder.path)/absent.json"]) == .wrongUsage)
        #expect(console.errors.contains("No such file or directory"))
    }

    @Test func `a configuration that is right says what the node would be`() {
        #expect(run(["validate", "-c", configuration(three), "--zone", "fra"]) == .fine)
        #expect(
            console.lines.first?.hasSuffix("mesh.json is valid: 3 checks, 0 contacts, 0 peers")
                == true)
        #expect(
            console.lines.last
                == "this node would be a in zone fra, bound to 127.0.0.1:0, reached at 127.0.0.1:0")
    }

    @Test func `a fresh secret is one that a mesh takes, and never the same`() {
        #expect(run(["keygen"]) == .fine)
        #expect(run(["keygen"]) == .fine)
        #expect(console.lines.count == 2 && console.lines[0] != console.lines[1])
        #expect(console.lines.allSatisfy { $0.count == 64 })
    }

    @Test func `a token comes with the hash that is configured`() throws {
        #expect(run(["keygen", "--token"]) == .fine)
        let words = console.lines.map { $0.split(separator: " ").last.map(String.init) ?? "" }
        let hash = OpenSSLCryptography().sha256(Array(words[0].utf8)).hexadecimal
        #expect(words[1] == "sha256:\(hash)")
        #expect(run(["keygen", "--token", "--node", folder.path]) == .wrongUsage)
    }

    @Test func `a node's key is made once, and its public half told again`() throws {
        #expect(run(["keygen", "--node", folder.path]) == .fine)
        #expect(run(["keygen", "--node", folder.path]) == .fine)
        #expect(console.lines.count == 2 && console.lines[0] == console.lines[1])
        #expect(console.errors == "made \(folder.path)/node.key\n")
        let file = try #require(try NodeKeyFile.read("\(folder.path)/node.key"))
        #expect(
            Ed25519SigningKey(seed: file.seed).publicKey.bytes.hexadecimal == console.lines[0])
    }

    @Test func `help is on everything`() {
        #expect(run(["--help"]) == .fine)
        for command in CommandName.allCases {
            #expect(console.output.contains("  \(command.rawValue) "))
            #expect(run([command.rawValue, "--help"]) == .fine)
            #expect(console.output.contains("usage: checkmesh \(command.rawValue)"))
            #expect(run(["help", command.rawValue]) == .fine)
        }
        #expect(run(["help", "nothing"]) == .wrongUsage)
        #expect(run(["--version"]) == .fine)
        #expect(console.lines.last?.hasPrefix("checkmesh ") == true)
    }

    @Test func `a node that is not there is a failure, not wrong usage`() {
        #expect(run(["status", "--node", "127.0.0.1:1"]) == .failed)
        #expect(console.errors.contains("http://127.0.0.1:1: connection refused"))
        #expect(run(["status", "--node", "http://me:pw@127.0.0.1:1"]) == .wrongUsage)
        #expect(run(["status", "-o", "xml"]) == .wrongUsage)
    }

    @Test func `watching outlives a node that does not answer for a while`() {
        var turns = 0
        var program = Program(
            console: console, cryptography: OpenSSLCryptography(), looker: FakeLooker())
        program.pause = {
            turns += 1
            return turns < 3
        }
        #expect(program.run(["status", "--watch", "--node", "127.0.0.1:1"]) == .fine)
        #expect(turns == 3)
        #expect(console.errors.split(separator: "\n").count == 3)
        // What is wrong with the command line does not get better.
        #expect(program.run(["incidents", "--watch", "--limit", "0"]) == .wrongUsage)
        #expect(turns == 3)
    }

    @Test func `a word that is near nothing is given no neighbour`() {
        #expect(run(["nonsense"]) == .wrongUsage)
        #expect(console.errors.hasPrefix("checkmesh: unknown command \"nonsense\"\n"))
        #expect(run(["check", "--store"]) == .wrongUsage)
        #expect(console.errors.contains("--store is not supported yet"))
    }
}
