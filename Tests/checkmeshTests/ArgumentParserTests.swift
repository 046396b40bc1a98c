import MeshConfiguration
import Testing

@testable import checkmesh

struct ArgumentParserTests {
    private func parse(_ line: String) throws(UsageError) -> Arguments {
        try ArgumentParser.parse(line.split(separator: " ").map(String.init))
    }

    private func message(_ line: String) -> String? {
        do throws(UsageError) {
            _ = try parse(line)
            return nil
        } catch {
            return error.message
        }
    }

    @Test(arguments: [
        "-c a.json run --name n", "run -c a.json --name=n", "--config=a.json run --name n",
        "-ca.json run --name n", "run --name n --config a.json",
    ])
    func `flags stand before the command or after it, in any form`(line: String) throws {
        let arguments = try parse(line)
        #expect(arguments.command == .run)
        #expect(arguments.runOptions.configPath == "a.json")
        #expect(arguments.runOptions.flags.name == "n")
    }

    @Test func `the bare program is check`() throws {
        let bare = try parse("-o json")
        #expect(bare.command == .check && !bare.isCommandGiven && bare.operands.isEmpty)
        #expect(try bare.format() == .json)
        #expect(try parse("check a b").operands == ["a", "b"])
    }

    @Test func `after two dashes nothing is a flag`() throws {
        #expect(try parse("check -- -a --help").operands == ["-a", "--help"])
        #expect(try parse("verify -").operands == ["-"])
    }

    @Test func `peers add up, and a value may hold an equals sign`() throws {
        let flags = try parse("run --peer a:1 --peer=b:2 --data=/a=b").runOptions.flags
        #expect(flags.peers == ["a:1", "b:2"])
        #expect(flags.data == "/a=b")
    }

    @Test func `one command's flags are not another's`() throws {
        #expect(try parse("keygen --node /tmp/x").value(.folder) == "/tmp/x")
        #expect(try parse("status --node http://a:1").value(.node) == "http://a:1")
    }

    @Test(arguments: [
        ("chekc", "unknown command \"chekc\": the nearest one is \"check\""),
        ("doctor", "\"doctor\" is not supported yet by this version"),
        ("run --nmae x", "\"run\" has no flag --nmae: the nearest one is --name"),
        (
            "run --listen :80",
            "\"run\" has no flag --listen: --bind says where it listens for other nodes, --http where for requests"
        ),
        ("check --listen :80", "--listen is not supported yet by this version"),
        (
            "reload",
            "there is no command \"reload\": a node reads its configuration anew at SIGHUP (kill -HUP PID)"
        ),
        ("run -x", "\"run\" has no flag -x: --help lists what it has"),
        ("check --peer a:1", "\"check\" has no flag --peer: --help lists what it has"),
        ("run --name", "--name needs a value: --name NAME"),
        (
            "run --name --zone z",
            "--name needs a value; one that begins with \"-\" is written --name=--zone"
        ),
        ("run --name a --name b", "--name a second time: keep one of them"),
        ("keygen --token=x", "--token takes no value"),
        ("run now", "\"run\" takes no \"now\""),
        ("verify", "\"verify\" needs FILE"),
        ("verify a b", "\"verify\" takes no \"b\": it takes FILE"),
        ("forget", "\"forget\" needs NODE"),
    ])
    func `wrong usage is told with what to type instead`(line: String, expected: String) {
        #expect(message(line) == expected)
    }

    @Test func `a command line has bounds`() {
        #expect(throws: UsageError.self) {
            try ArgumentParser.parse([String](repeating: "a", count: 5_000))
        }
        #expect(throws: UsageError.self) {
            try ArgumentParser.parse([String(repeating: "a", count: 100_000)])
        }
    }

    @Test(arguments: ["0", "x", "10001", "-1"])
    func `a limit is a number within its bounds`(limit: String) throws {
        #expect(throws: UsageError.self) { try parse("incidents --limit=\(limit)").limit() }
    }

    @Test func `help asks for nothing else to be right`() throws {
        #expect(try parse("verify --help").wantsHelp)
        #expect(try parse("--version").wantsVersion)
    }
}
