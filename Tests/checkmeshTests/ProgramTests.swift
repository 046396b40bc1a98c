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
        at kinds: [CheckKind], _ each: @escaping (Int, LookResult) -> Void
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
