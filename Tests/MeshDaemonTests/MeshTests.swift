import MeshChecks
import MeshConfiguration
import MeshCore
import MeshMembership
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshDaemon

/// Nodes that find each other, watch something, and tell of it, over real sockets.
@Suite(.serialized, .timeLimit(.minutes(1))) struct MeshTests {
    @Test func `five nodes in three zones find each other and tell an outage and its end once`()
        throws
    {
        let lab = try Lab()
        try lab.start(5, lab.text(["site"]))
        try lab.run("the nodes to find each other") { lab.isWhole }
        try lab.run("the check to be up") { lab.isCertified("site", .up) }
        #expect(lab.hooks.all.isEmpty)

        lab.target.isUp = false
        try lab.run("the check to be down") { lab.isCertified("site", .down) }
        try lab.run("it to be told") { lab.hooks.count("site", "down") > 0 }
        lab.target.isUp = true
        try lab.run("the check to be up again") { lab.isCertified("site", .up) }
        try lab.run("that to be told") { lab.hooks.count("site", "up") > 0 }

        // Whoever would tell again does so at the latest when the others are gone.
        try lab.leave()
        #expect(lab.hooks.count("site", "down") == 1 && lab.hooks.count("site", "up") == 1)
        #expect(lab.hooks.all.allSatisfy { $0.key == $0.id && !$0.id.isEmpty })
    }

    @Test func `of what depends on something that is down nobody hears until that is up`() throws {
        let lab = try Lab()
        let gate = try Lab.reserve(1, on: lab.loop)[0]
        var text = lab.text()
        let common = #""interval": "1s", "timeout": "900ms", "confirmations": 2, "delay": 0"#
        text.more = [
            #"{"name": "gate", "type": "tcp", "address": "\#(gate)", \#(common)}"#,
            #"{"name": "site", "type": "http", "url": "\#(text.target)", "depends_on": ["gate"], \#(common)}"#,
        ]
        try lab.start(3, text)
        try lab.run("the gate to be down") { lab.isCertified("gate", .down) }
        try lab.run("that to be told") { lab.hooks.count("gate", "down") > 0 }
        try lab.run("the site to be up") { lab.isCertified("site", .up) }
        lab.target.isUp = false
        try lab.run("the site to be down") { lab.isCertified("site", .down) }
        let until = lab.loop.now + .seconds(3)
        try lab.run("what should not be told") { lab.loop.now > until }
        #expect(lab.hooks.count("site", "down") == 0)
        let server = try LoopbackServer(on: lab.loop, host: gate) { _ in }
        try lab.run("the gate to be up") { lab.isCertified("gate", .up) }
        try lab.run("the site to be told of") { lab.hooks.count("site", "down") > 0 }
        withExtendedLifetime(server) {}
        try lab.leave()
        #expect(lab.hooks.count("site", "down") == 1 && lab.hooks.count("gate", "up") == 1)
    }

    @Test func `a check whose program is not there is logged as not watched, with the cause`()
        throws
    {
        let lab = try Lab()
        var text = lab.text()
        let common = #""interval": "1s", "timeout": "900ms""#
        text.more = [
            #"{"name": "ghost", "type": "exec", "command": "/nowhere/check_ghost", \#(common)}"#
        ]
        try lab.start(1, text)
        let name = lab.nodes[0].name
        try lab.run("it to be logged") { lab.nodes[0].output.contains("watched=false") }
        let line =
            lab.nodes[0].output.split(separator: "\n")
            .first { $0.contains("watched=false") } ?? ""
        #expect(line.contains("check=ghost"))
        #expect(line.contains("\(name): could not look; \(name) says: "))
        #expect(line.contains("check_ghost"))
        try lab.leave()
    }

    /// To each of them the others have left: it would be the majority of those it still knows.
    @Test func `nodes that leave together with their target tell nothing of it`() throws {
        let lab = try Lab()
        try lab.start(5, lab.text(["site"]))
        try lab.run("the check to be up") { lab.isCertified("site", .up) }
        lab.target.isUp = false
        try lab.leave()
        #expect(lab.hooks.all.isEmpty)
    }

    @Test func `whoever leaves is seen as left and not as dead`() throws {
        let lab = try Lab()
        try lab.start(3, lab.text())
        try lab.run("the nodes to find each other") { lab.isWhole }
        let began = SystemClock.now
        lab.nodes[2].daemon?.leave()
        try lab.run("it to be gone") { lab.nodes[2].daemon == nil }
        #expect(SystemClock.now - began < .seconds(5))
        #expect(lab.nodes[2].ending == .left)
        try lab.run("the others to know") {
            lab.nodes[..<2].allSatisfy { $0.member("n3")?.state == .left }
        }
        // And it comes back under a higher generation.
        try lab.nodes[2].start(on: lab.loop)
        try lab.run("it to be back") { lab.isWhole }
        #expect(lab.nodes[0].member("n3")?.standing.generation == 2)
        try lab.leave()
    }

    @Test func `a node takes over a new check, and a bad file not at all`() throws {
        let lab = try Lab()
        try lab.start(3, lab.text(["site"]))
        try lab.run("the check to be up") { lab.isCertified("site", .up) }
        for node in lab.nodes {
            node.text.checks = ["site", "news"]
            node.daemon?.reload()
        }
        try lab.run("the new check to be up") { lab.isCertified("news", .up) }
        let node = lab.nodes[0]
        node.text.checks = ["third"]
        node.text.tail = ","
        node.daemon?.reload()
        #expect(node.output.contains("configuration was refused"))
        #expect(node.daemon?.configuration.checks.count == 2)
        #expect(node.state(of: "site") == .up)
        // Under another name of the mesh every check would be another one, and be told anew.
        node.text.tail = ""
        node.text.name = "renamed"
        node.daemon?.reload()
        #expect(node.output.contains("mesh.name"))
        #expect(node.daemon?.configuration.checks.count == 2)
        #expect(node.state(of: "site") == .up)
        try lab.leave()
    }

    @Test func `a peer that has no address yet is asked for again, and costs nothing`() throws {
        let lab = try Lab()
        try lab.start("n1", lab.text())
        try lab.start("n2", lab.text()) { flags in
            flags.peers.insert("no-such-host.invalid:7946", at: 0)
        }
        try lab.run("the nodes to find each other") { lab.isWhole }
        try lab.leave()
    }
}
