import Glibc
import MeshChecks
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

/// Real programs, judged by how they end.
@Suite struct ExecCheckerTests {
    private let bench: CheckBench
    private let folder: TemporaryDirectory

    init() throws {
        bench = try CheckBench()
        folder = try TemporaryDirectory()
    }

    private func shell(
        _ script: String, _ change: (inout ExecCheck) -> Void = { _ in }
    ) -> CheckKind {
        var check = ExecCheck(command: "/bin/sh")
        check.arguments = ["-c", script]
        change(&check)
        return .exec(check)
    }

    private func write(_ text: String, to name: String, mode: mode_t) throws -> String {
        let path = "\(folder.path)/\(name)"
        try AtomicFile.write(Array(text.utf8), to: path, mode: mode)
        return path
    }

    struct Case: CustomTestStringConvertible {
        let script: String
        let said: String
        var change: @Sendable (inout ExecCheck) -> Void = { _ in }
        var testDescription: String { "\(script) -> \(said)" }
    }

    static let endings: [Case] = [
        Case(script: "exit 0", said: "up: "),
        Case(script: "echo fine", said: "up: "),
        Case(script: "exit 3", said: "down: exit status 3, without output"),
        Case(
            script: "echo; echo ' disk full '; echo more; exit 1",
            said: "down: exit status 1: disk full"),
        Case(script: "echo broken >&2; exit 2", said: "down: exit status 2: broken"),
        Case(script: "kill -SEGV $$", said: "down: ended by SIGSEGV, without output"),
        Case(script: "printf '\\377\\001x\\n'; exit 1", said: "down: exit status 1: \u{FFFD} x"),
        Case(script: "exit 1", said: "degraded: exit status 1, without output") {
            $0.failure = .degraded
        },
        Case(script: "exit 0", said: "up: ") { $0.failure = .degraded },
        Case(script: "sleep 9", said: "degraded: did not end within 300ms") {
            $0.failure = .degraded
            $0.attempts = .within(300)
        },
    ]

    static let plugins: [Case] = [
        Case(script: "echo 'OK - load 1 | load=1'", said: "up: "),
        Case(
            script: "echo 'WARNING - load 9 | load=9;5'; exit 1",
            said: "degraded: exit status 1: WARNING - load 9"),
        Case(script: "echo 'CRITICAL - x'; exit 2", said: "down: exit status 2: CRITICAL - x"),
        Case(script: "echo 'UNKNOWN - no socket'; exit 3", said: "abstained: undetermined"),
        Case(script: "exit 4", said: "down: exit status 4, without output"),
        Case(script: "exit 127", said: "down: exit status 127, without output"),
    ]

    static let outputs: [Case] = [
        Case(script: "echo all is well", said: "up: ") {
            $0.output.required = [.contains("is well")]
        },
        Case(script: "echo all is well >&2", said: "up: ") {
            $0.output.required = [.contains("is well")]
        },
        Case(script: "echo no", said: "down: output does not contain 'yes'; it begins 'no'") {
            $0.output.required = [.contains("yes")]
        },
        Case(script: "echo no", said: "up: ") { $0.output.forbidden = [.contains("error")] },
        Case(script: "echo an error", said: "down: output contains 'error'") {
            $0.output.forbidden = [.contains("error")]
        },
        Case(script: "echo no", said: "degraded: output does not contain 'yes'; it begins 'no'") {
            $0.output.required = [.contains("yes")]
            $0.failure = .degraded
        },
        Case(script: "echo took 12 s", said: "up: ") {
            $0.output.required = [.matches("took \\d+ s")]
        },
        Case(
            script: "echo took long",
            said: "down: output does not match 'took \\d+ s'; it begins 'took long'"
        ) {
            $0.output.required = [.matches("took \\d+ s")]
        },
        Case(script: "echo ERROR 5", said: "down: output matches '(?i)error'") {
            $0.output.forbidden = [.matches("(?i)error")]
        },
        // The exit status comes first.
        Case(script: "echo yes; exit 1", said: "down: exit status 1: yes") {
            $0.output.required = [.contains("yes")]
        },
        Case(
            script: "head -c 70000 /dev/zero | tr '\\0' a; echo yes",
            said:
                "down: the first 64 KiB of the output does not contain 'yes'; it begins '\(String(repeating: "a", count: 80))'"
        ) { $0.output.required = [.contains("yes")] },
        Case(script: "echo yes; head -c 70000 /dev/zero", said: "up: ") {
            $0.output.required = [.contains("yes")]
        },
    ]

    @Test(arguments: endings)
    func `an end is what it is`(_ row: Case) throws {
        #expect(try bench.saw(shell(row.script, row.change)) == row.said)
    }

    @Test(arguments: plugins)
    func `a plugin of Nagios is understood`(_ row: Case) throws {
        let kind = shell(row.script) {
            $0.statuses = .nagios
            row.change(&$0)
        }
        #expect(try bench.saw(kind) == row.said)
    }

    @Test(arguments: outputs)
    func `output is searched in both directions`(_ row: Case) throws {
        #expect(try bench.saw(shell(row.script, row.change)) == row.said)
    }

    @Test func `a plugin that could not look says why`() throws {
        var remark: Reason?
        let kind = shell("echo 'UNKNOWN - no socket'; exit 3") { $0.statuses = .nagios }
        bench.runner.look(kind) { remark = $0.measurements.remark }
        #expect(try bench.loop.turn { remark != nil })
        #expect(remark?.text == "UNKNOWN - no socket")
    }

    @Test func `of several attempts some may fail, and the wish may be that they do`() throws {
        let file = "\(folder.path)/tries"
        func failing(_ count: Int, _ plan: AttemptPlan) -> CheckKind {
            // Reads a path of our own.
            _ = unsafe unlink(file)
            return shell("echo x >>\(file); test $(wc -l <\(file)) -gt \(count)") {
                $0.attempts = plan
            }
        }
        #expect(try bench.saw(failing(1, AttemptPlan(count: 3, failuresAllowed: 1))) == "up: ")
        #expect(
            try bench.saw(failing(2, AttemptPlan(count: 3, failuresAllowed: 1)))
                == "down: exit status 1, without output")
        #expect(
            try bench.saw(failing(1, AttemptPlan(count: 3)))
                == "down: exit status 1, without output")
        #expect(try bench.saw(failing(3, AttemptPlan(count: 3, isInverted: true))) == "up: ")
        #expect(
            try bench.saw(failing(2, AttemptPlan(count: 3, isInverted: true)))
                == "down: it works, and should not")
        var missing = ExecCheck(command: "/nowhere")
        missing.attempts = AttemptPlan(isInverted: true)
        #expect(try bench.saw(.exec(missing)) == "abstained: noProgram")
    }

    // MARK: What the program gets

    @Test func `arguments arrive as they are written, and no shell reads them`() throws {
        var check = ExecCheck(command: "printf")
        check.arguments = ["<%s>", "a b", "$HOME", "*", ";exit 9"]
        check.output.required = [.contains("<a b><$HOME><*><;exit 9>")]
        #expect(try bench.saw(.exec(check)) == "up: ")
    }

    @Test func `of the node's environment only what is usual goes on`() throws {
        let own = [
            "HOME=/root", "LC_ALL=C", "CHECKMESH_SECRET=s3cret", "OTHER=here", "WORD=another",
        ]
        var check = ExecCheck(command: "env")
        check.environment = [
            try #require(EnvironmentVariable(name: "WORD", value: Secret("of one's own")))
        ]
        let path = "PATH=\(ExecCheck.Inheritance.pathDefault)"
        #expect(
            check.environment(from: own) == ["WORD=of one's own", "HOME=/root", "LC_ALL=C", path])
        check.inheritance = .all
        #expect(
            check.environment(from: own + ["PATH=/bin"])
                == ["WORD=of one's own", "HOME=/root", "LC_ALL=C", "OTHER=here", "PATH=/bin"])
        check.inheritance = .usual
        check.output.required = [.contains("WORD=of one's own")]
        #expect(try bench.saw(.exec(check)) == "up: ")
    }

    @Test func `it runs where it is told to, with nothing to read and no other descriptor`() throws
    {
        let place = folder.path
        let there = shell("pwd") {
            $0.directory = place
            $0.output.required = [.contains(place)]
        }
        #expect(try bench.saw(there) == "up: ")
        #expect(try bench.saw(shell("read line && exit 1; exit 0")) == "up: ")
        let server = try LoopbackServer(on: bench.loop) { _ in }
        let own = shell("ls /proc/self/fd | tr '\\n' ' '") {
            $0.output.required = [.contains("0 1 2 3 ")]
        }
        #expect(try bench.saw(own) == "up: ")
        let more = shell("ls /proc/self/fd | tr '\\n' ' '") {
            $0.output.forbidden = [.contains(" 4 ")]
        }
        #expect(try bench.saw(more) == "up: ")
        withExtendedLifetime(server) {}
    }

    @Test func `it starts with no signal blocked or ignored, and leads its group`() throws {
        SignalSource.takeOver()
        var said: Reason?
        let masks = shell("grep -E '^Sig(Blk|Ign)' /proc/$$/status | tr -d '[:space:]'; exit 3") {
            $0.statuses = .nagios
        }
        bench.runner.look(masks) { said = $0.measurements.remark }
        #expect(try bench.loop.turn { said != nil })
        #expect(said?.text == "SigBlk:0000000000000000SigIgn:0000000000000000")
        let leads = shell("set -- $(cat /proc/$$/stat); test $5 = $$ || exit 1")
        #expect(try bench.saw(leads) == "up: ")
    }

    // MARK: What cannot be run

    @Test func `a missing program is no word about the target`() throws {
        let script = try write("exit 0\n", to: "plain", mode: 0o644)
        let nameless = try write("exit 0\n", to: "nameless", mode: 0o755)
        let missing = ["/nowhere/at/all", "no-such-program-here", script, nameless, "/tmp"]
        for command in missing {
            #expect(try bench.saw(.exec(ExecCheck(command: command))) == "abstained: noProgram")
        }
        let nowhere = shell("exit 0") { $0.directory = "/nowhere" }
        #expect(try bench.saw(nowhere) == "abstained: noProgram")
        func remark(_ kind: CheckKind) throws -> String? {
            try bench.result(kind).measurements.remark?.text
        }
        let absent = CheckKind.exec(ExecCheck(command: "/nowhere/at/all"))
        #expect(try remark(absent) == "/nowhere/at/all: there is no such program here")
        #expect(try remark(nowhere) == "working directory /nowhere: there is none here")
        for (line, words) in [
            ("#!/nowhere/python3 -u\n", "its interpreter /nowhere/python3 cannot be run here"),
            ("#! /tmp\n", "its interpreter /tmp cannot be run here"),
            (
                "#!/bin/sh\r\n",
                "its interpreter /bin/sh cannot be run here (its first line ends with a carriage return)"
            ),
        ] {
            let script = try write(line, to: "script", mode: 0o755)
            #expect(try remark(.exec(ExecCheck(command: script))) == "\(script): \(words)")
        }
    }

    @Test func `a name is looked for where the program's own PATH says`() throws {
        _ = try write("#!/bin/sh\nexit 0\n", to: "looked-for", mode: 0o755)
        var check = ExecCheck(command: "looked-for")
        #expect(try bench.saw(.exec(check)) == "abstained: noProgram")
        check.environment = [
            try #require(
                EnvironmentVariable(name: "PATH", value: Secret("/nowhere:\(folder.path)")))
        ]
        #expect(try bench.saw(.exec(check)) == "up: ")
    }

    // MARK: What will not end

    @Test func `one that ignores SIGTERM is down at its timeout and killed after`() throws {
        let file = "\(folder.path)/pid"
        let kind = shell("trap '' TERM; echo $$ >\(file); while :; do sleep 0.1; done") {
            $0.attempts = .within(400)
        }
        let observation = try bench.look(kind)
        #expect(observation.outcome == .saw(.down, Reason("did not end within 400ms")))
        #expect(observation.latency < .seconds(2))
        let child = try number(in: file)
        #expect(isAlive(child))
        #expect(try bench.loop.turn { !isAlive(child) })
    }

    @Test func `one that does as it is told ends at once, with all that it started`() throws {
        let file = "\(folder.path)/pid"
        let kind = shell(
            "for i in $(seq 40); do sleep 60 & done; sleep 61 & echo $! >\(file); wait"
        ) {
            $0.attempts = .within(500)
        }
        #expect(try bench.saw(kind) == "down: did not end within 500ms")
        let last = try number(in: file)
        #expect(try bench.loop.turn(within: .seconds(2)) { !isAlive(last) })
    }

    @Test func `processes that breed are all gone with their leader`() throws {
        // Each starts two more, four levels deep, and all sleep: what a fork bomb leaves in the
        // time that it has.
        let mark = "\(60 + Int.random(in: 1...9_999)).123"
        let script =
            "breed() { [ $1 -gt 4 ] || { breed $(($1 + 1)) & breed $(($1 + 1)) & }; exec sleep \(mark); };"
            + " breed 1 & sleep 0.4; exit 0"
        #expect(try bench.saw(shell(script)) == "up: ")
        #expect(try bench.loop.turn { running(mark).isEmpty })
    }

    @Test func `a daemon that keeps the pipe open holds nobody up`() throws {
        let file = "\(folder.path)/pid"
        let kind = shell(
            "setsid sh -c 'echo $$ >\(file); exec sleep 60' & while ! test -s \(file); do :; done; echo ready"
        ) {
            $0.output.required = [.contains("ready")]
        }
        let observation = try bench.look(kind)
        #expect(observation.outcome == .saw(.up, .none))
        #expect(observation.latency < .seconds(5))
        // It has left the group, and goes on.
        let daemon = try number(in: file)
        #expect(isAlive(daemon))
        kill(daemon, SIGKILL)
    }

    @Test func `a node with more sockets than a program may have runs it all the same`() throws {
        guard try DescriptorLimit.raise() > 4_096 else { return }
        let fillers = (0..<1_500).map { _ in dup(2) }
        defer { for filler in fillers { close(filler) } }
        #expect(try bench.saw(shell("test $(ulimit -n) = 1024")) == "up: ")
    }

    @Test func `one that closes its output is waited for`() throws {
        let kind = shell("exec >&- 2>&-; sleep 0.2; exit 4")
        #expect(try bench.saw(kind) == "down: exit status 4, without output")
    }

    @Test func `one that writes without end is stopped long before its timeout`() throws {
        let observation = try bench.look(shell("yes word"))
        #expect(observation.outcome == .saw(.down, Reason("wrote more than 4 MiB: word")))
        #expect(observation.latency < .seconds(8))
    }

    @Test func `a look that is taken back takes its program with it`() throws {
        let file = "\(folder.path)/pid"
        let look = bench.begin(shell("echo $$ >\(file); sleep 60"))
        #expect(try bench.loop.turn { (try? number(in: file)) != nil })
        bench.runner.cancel(look)
        let child = try number(in: file)
        #expect(try bench.loop.turn { !isAlive(child) })
        #expect(bench.observations.isEmpty)
    }

    @Test func `more than run at once wait for their turn, and none is left behind`() throws {
        let before = try openDescriptors()
        let count = 3 * ExecChecker.runningMax
        // By its own name it is known among all that this machine runs, zombies included.
        let name = "mark\(Int.random(in: 1_000_000...9_999_999))"
        let program = try write("#!/bin/sh\nsleep 0.05\n", to: name, mode: 0o755)
        for _ in 0..<count { bench.begin(.exec(ExecCheck(command: program))) }
        #expect(try bench.loop.turn { bench.observations.count == count })
        #expect(bench.observations.allSatisfy { $0.outcome == .saw(.up, .none) })
        // Other tests of this process have programs and descriptors of their own meanwhile.
        #expect(try bench.loop.turn { (try? openDescriptors()) ?? .max <= before + 32 })
        #expect(try bench.loop.turn { isGone(name) })
    }

    @Test func `what could not begin in time abstains`() throws {
        let slow = shell("sleep 5") { $0.attempts = .within(2_000) }
        for _ in 0..<ExecChecker.runningMax { bench.begin(slow) }
        bench.begin(shell("exit 0") { $0.attempts = .within(600) })
        #expect(try bench.loop.turn { !bench.observations.isEmpty })
        #expect(bench.observations.first?.outcome == .abstained(.noResources))
        bench.runner.cancelAll()
    }

    @Test func `secrets show in no reason`() throws {
        let secret = Secret("hunter2hunter2")
        let kind = shell("echo token=hunter2hunter2 refused; exit 1") {
            $0.redaction = Redaction([secret, Secret("1")])
        }
        #expect(try bench.saw(kind) == "down: exit status 1: token=*** refused")
        let wanted = shell("echo no hunter2hunter2 hunter; exit 0") {
            $0.output.required = [.matches("hunter2hunter2\\.")]
            $0.redaction = Redaction([secret])
        }
        #expect(
            try bench.saw(wanted)
                == "down: output does not match '***\\.'; it begins 'no *** ***'")
    }

    // MARK: Helpers

    private func number(in file: String) throws -> pid_t {
        let bytes = try AtomicFile.read(file, byteCountMax: 64).bytes
        let digits = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
        return try #require(pid_t(digits))
    }

    /// A zombie is not.
    private func isAlive(_ number: pid_t) -> Bool {
        guard let file = try? AtomicFile.read("/proc/\(number)/stat", byteCountMax: 4_096) else {
            return false
        }
        let text = String(decoding: file.bytes, as: UTF8.self)
        return text.split(separator: ")").last?.hasPrefix(" Z") == false
    }

    /// Processes whose command line holds a word.
    private func running(_ word: String) -> [Int] {
        (try? names(in: "/proc"))?.compactMap { Int($0) }.filter { number in
            guard isAlive(pid_t(number)) else { return false }
            let file = try? AtomicFile.read("/proc/\(number)/cmdline", byteCountMax: 64 << 10)
            return String(decoding: file?.bytes ?? [], as: UTF8.self).contains(word)
        } ?? []
    }

    private func openDescriptors() throws -> Int { try names(in: "/proc/self/fd").count }

    /// Whether no process is called so, not even one that has ended and that nobody has reaped.
    private func isGone(_ name: String) -> Bool {
        let numbers = ((try? names(in: "/proc")) ?? []).compactMap { Int($0) }
        return !numbers.contains { number in
            let file = try? AtomicFile.read("/proc/\(number)/stat", byteCountMax: 4_096)
            return String(decoding: file?.bytes ?? [], as: UTF8.self).contains("(\(name))")
        }
    }

    private func names(in path: String) throws -> [String] {
        guard let directory = unsafe opendir(path) else { throw SystemError.last("opendir") }
        // Opened above, and closed once.
        defer { unsafe closedir(directory) }
        var names: [String] = []
        // Each entry lives until the next call; its name ends with a zero and is copied.
        while let entry = unsafe readdir(directory) {
            unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    names.append(unsafe String(cString: $0))
                }
            }
        }
        return names
    }
}
