import Glibc
import MeshConfiguration
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

/// Where the process matters: signals, crashes, exit codes, a disk of its own.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ProcessTests {
    @Test func `all killed during an outage: no second alert, the same epoch, the recovery told`()
        throws
    {
        let lab = try ProcessLab()
        try lab.write(["site"])
        try lab.start(5)
        try lab.run("the check to be up") { lab.all(show: "up 1", of: "site") }
        lab.target.isUp = false
        try lab.run("the check to be down") { lab.all(show: "down 2", of: "site") }
        try lab.run("it to be told") { lab.hooks.count("site", "down") > 0 }

        for node in lab.nodes { node.process?.crash() }
        for node in lab.nodes { try node.start() }
        try lab.run("all to be ready again") { lab.nodes.allSatisfy(\.isReady) }
        try lab.run("the outage to go on") { lab.all(show: "down 2", of: "site") }
        lab.target.isUp = true
        try lab.run("the check to be up again") { lab.all(show: "up 3", of: "site") }
        try lab.run("that to be told") { lab.hooks.count("site", "up") > 0 }
        try lab.leave()
        #expect(lab.hooks.all.map { "\($0.state) \($0.epoch)" } == ["down 2", "up 3"])
    }

    @Test func `SIGTERM ends a node well within five seconds, and the others see that it left`()
        throws
    {
        let lab = try ProcessLab()
        try lab.write()
        try lab.start(3)
        let began = SystemClock.now
        let node = lab.nodes[2]
        node.process?.send(SIGTERM)
        try lab.run("it to end") { !node.isRunning }
        #expect(node.process?.end() == .exit(0))
        #expect(SystemClock.now - began < .seconds(5))
        try lab.run("the others to know") {
            lab.nodes[..<2].allSatisfy { $0.state(of: "n3") == "left" }
        }
        try lab.leave()
    }

    @Test func `SIGHUP takes a new check over, and refuses a bad file whole`() throws {
        let lab = try ProcessLab()
        try lab.write(["site"])
        try lab.start(2)
        try lab.write(["site", "news"])
        for node in lab.nodes { node.process?.send(SIGHUP) }
        try lab.run("the new check to be up") { lab.all(show: "up 1", of: "news") }
        try lab.write(["third"], tail: "}")
        for node in lab.nodes { node.process?.send(SIGHUP) }
        try lab.run("it to be told") {
            lab.nodes.allSatisfy { $0.output.contains("configuration was refused") }
        }
        #expect(lab.all(show: "up 1", of: "news"))
        #expect(lab.nodes[0].ask("/api/v1/checks/third") == nil)
        try lab.leave()
    }

    @Test func `what keeps a node from starting is said, and it exits 1`() throws {
        let lab = try ProcessLab()
        try lab.write()
        try lab.prepare(2)
        let node = lab.nodes[0]
        try node.start()
        try lab.run("it to answer") { node.answers("/livez") }

        func refusal(_ arguments: [String]) throws -> String {
            let process = try ChildProcess(
                ChildProcess.sibling("checkmesh"), arguments,
                output: "\(lab.folder.path)/refused-\(UInt32.random(in: 0...99_999)).log")
            try lab.run("it to end") { process.end() != nil }
            #expect(process.end() == .exit(1))
            return process.output
        }
        let number = node.process?.id ?? 0
        #expect(try refusal(node.arguments()).contains("in use by process \(number)"))
        let elsewhere = lab.nodes[1].folder.path
        #expect(
            try refusal(node.arguments(data: elsewhere))
                .contains("\(node.address): Address already in use"))
        #expect(
            try refusal(lab.nodes[1].arguments(data: "/proc/nowhere"))
                .contains("/proc/nowhere"))
        #expect(node.isRunning)
        try lab.leave()
    }

    private static let canMount = { () -> Bool in
        // Runs a text of our own to its end.
        unsafe system("unshare --mount --map-root-user true 2>/dev/null") == 0
    }()

    @Test(.enabled(if: canMount, "this machine lets nobody mount a small disk of his own"))
    func `a node whose disk is full says so and tells all the same, and starts again on it`() throws
    {
        let lab = try ProcessLab()
        try lab.write(["site"])
        try lab.prepare(3)
        let node = lab.nodes[0]
        try node.start(through: [
            "/usr/bin/unshare", "--mount", "--map-root-user", "/bin/sh", "-c",
            "mount -t tmpfs -o size=1m,mode=700 none \"$0\" && exec \"$@\"", node.folder.path,
        ])
        for other in lab.nodes[1...] { try other.start() }
        try lab.run("the check to be up") { lab.all(show: "up 1", of: "site") }

        // Its disk, as the process sees it.
        let number = try #require(node.process?.id)
        // Runs a text of our own, which fails when the disk is full, as it should.
        _ = unsafe system("cat /dev/zero >/proc/\(number)/root\(node.folder.path)/filler 2>&-")
        lab.target.isUp = false
        try lab.run("the check to be down") { lab.all(show: "down 2", of: "site") }
        try lab.run("it to be told") { lab.hooks.count("site", "down") > 0 }
        try lab.run("the disk to be shown") { !node.answers("/readyz") }
        #expect(node.output.contains("cannot write"))
        lab.target.isUp = true
        try lab.run("the recovery to be told") { lab.hooks.count("site", "up") > 0 }
        #expect(lab.hooks.all.map { "\($0.state) \($0.epoch)" } == ["down 2", "up 3"])
        try lab.leave()
    }

    @Test(.enabled(if: canMount, "this machine lets nobody mount a small disk of his own"))
    func `a first start on a full disk is refused with a word on the disk`() throws {
        let lab = try ProcessLab()
        try lab.write()
        try lab.prepare(1)
        let node = lab.nodes[0]
        try node.start(through: [
            "/usr/bin/unshare", "--mount", "--map-root-user", "/bin/sh", "-c",
            "mount -t tmpfs -o size=8k,mode=700 none \"$0\" && cat /dev/zero >\"$0/filler\";"
                + " exec \"$@\"", node.folder.path,
        ])
        try lab.run("it to end") { !node.isRunning }
        #expect(node.process?.end() == .exit(1))
        #expect(node.output.contains("No space left on device"))
    }

    @Test func `of two processes that run from copies of one directory, one exits 1`() throws {
        let lab = try ProcessLab()
        try lab.write()
        try lab.prepare(4)
        for node in lab.nodes[..<3] { try node.start() }
        try lab.run("all to be ready") { lab.nodes[..<3].allSatisfy(\.isReady) }
        let (node, copy) = (lab.nodes[2], lab.nodes[3])
        node.process?.crash()
        copy.name = node.name
        copy.folder = try node.folder.copy()
        try node.start()
        try copy.start()
        try lab.run("one of them to stop") { !node.isRunning || !copy.isRunning }
        let (stopped, living) = node.isRunning ? (copy, node) : (node, copy)
        #expect(stopped.process?.end() == .exit(1))
        #expect(stopped.output.contains("other=\(living.address)"))
        try lab.run("the other to be one of three") {
            lab.nodes.allSatisfy { $0 === stopped || $0.aliveCount == 3 }
        }
        try lab.leave()
    }
}
