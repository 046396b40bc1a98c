import MeshChecks
import MeshConfiguration
import MeshCore
import MeshCrypto
import MeshEngine
import MeshHistory
import MeshMembership
import MeshPlatform
import MeshStreams
import MeshTestSupport
import Testing

@testable import MeshDaemon

/// Who is let into a mesh, and who is told apart from whom.
@Suite(.serialized, .timeLimit(.minutes(1))) struct IdentityTests {
    private static let other = "ffffffffffffffffffffffffffffffff"

    @Test func `whoever has another secret is not let in, and counted`() throws {
        let lab = try Lab()
        try lab.start(2, lab.text())
        try lab.run("the nodes to find each other") { lab.isWhole }
        var text = lab.text()
        text.secret = Self.other
        let stranger = try lab.start("n3", text)
        try lab.run("it to be counted") {
            lab.nodes[..<2].contains { ($0.daemon?.streams.counters?.wrongKeys ?? 0) > 0 }
        }
        try lab.run("both sides to be told") {
            lab.nodes[..<2].contains { $0.output.contains("with another secret") }
                && stranger.output.contains("are mesh.name and mesh.secret the same there")
        }
        #expect(stranger.aliveCount == 1)
        #expect(lab.nodes[..<2].allSatisfy { $0.members.count == 2 })
        try lab.leave()
    }

    @Test func `nodes that seal with different secrets, each knowing the other's, are one mesh`()
        throws
    {
        let lab = try Lab()
        var old = lab.text(["site"])
        old.previousSecrets = [Self.other]
        var new = lab.text(["site"])
        new.previousSecrets = [new.secret]
        new.secret = Self.other
        let addresses = try Lab.reserve(3, on: lab.loop).map(\.description)
        for (number, text) in [old, new, old].enumerated() {
            try lab.start("n\(number)", text) { flags in
                flags.bind = addresses[number]
                flags.peers = addresses
            }
        }
        try lab.run("the nodes to find each other") { lab.isWhole }
        try lab.run("the check to be up") { lab.isCertified("site", .up) }
        #expect(lab.nodes.allSatisfy { $0.core?.counters.datagramsOfUnknownKey == 0 })
        try lab.leave()
    }

    @Test func `with a roster only the listed keys count`() throws {
        let lab = try Lab()
        let folders = try (0..<3).map { _ in try TemporaryDirectory() }
        let keys = try folders.map { folder in
            let file = try NodeKeyFile.readOrMake(
                folder.path + "/node.key", now: SystemClock.wallTime
            ) { Ed25519SigningKey.generate().seed }
            return Ed25519SigningKey(seed: file.seed).publicKey
        }
        var text = lab.text()
        text.roster = keys.prefix(2).map { $0.bytes.high.hexadecimal + $0.bytes.low.hexadecimal }
        for (number, folder) in folders.enumerated() {
            try lab.start("n\(number + 1)", text, in: folder)
        }
        try lab.run("the two that are listed to know each other") {
            lab.nodes[0].member("n2")?.state == .alive && lab.nodes[1].member("n1")?.state == .alive
        }
        try lab.run("the third to be heard of or refused") {
            lab.nodes[..<2].allSatisfy {
                $0.member("n3")?.counts != true && $0.core?.knownCount == 2
            }
                && lab.nodes[2].isSettled
        }
        #expect(lab.nodes[..<2].allSatisfy { $0.member("n3")?.counts != true })
        try lab.leave()
    }

    @Test func `of two that run from copies of one data directory, one stops and names the other`()
        throws
    {
        let lab = try Lab()
        try lab.start(3, lab.text())
        try lab.run("the nodes to find each other") { lab.isWhole }
        let node = lab.nodes[2]
        node.daemon?.leave()
        try lab.run("it to be gone") { node.daemon == nil }
        let folder = try node.folder.copy()
        let peers = lab.nodes[..<2].compactMap { $0.daemon?.address.description }
        try node.start(on: lab.loop)
        let copy = try lab.start("n3", lab.text(), in: folder) { flags in flags.peers = peers }
        // One generation, and yet two keys to seal with: each boot has an id of its own.
        let boots = [node, copy].compactMap { $0.core.flatMap { $0.member($0.id)?.bootID } }
        #expect(boots.count == 2 && boots[0] != boots[1])
        #expect(node.core?.id == copy.core?.id)

        let addresses = [node, copy].map { $0.daemon?.address.description ?? "none" }
        try lab.run("one of them to stop") { node.daemon == nil || copy.daemon == nil }
        let stopped = node.daemon == nil ? node : copy
        let living = node.daemon == nil ? copy : node
        #expect(stopped.ending == .clone)
        #expect(stopped.output.contains("other=\(addresses[stopped === node ? 1 : 0])"))
        try lab.run("the other to be one of three") {
            lab.nodes.filter { $0 !== stopped }.allSatisfy { $0.aliveCount == 3 }
        }
        #expect(living.ending == nil)
        try lab.leave()
    }

    @Test
    func `a node restored from an old copy of its directory goes on under a higher generation`()
        throws
    {
        let lab = try Lab()
        try lab.start(3, lab.text())
        try lab.run("the nodes to find each other") { lab.isWhole }
        let node = lab.nodes[2]
        let peers = lab.nodes[..<2].compactMap { $0.daemon?.address.description }
        func stop() throws {
            node.daemon?.leave()
            try lab.run("it to be gone") { node.daemon == nil }
        }
        try stop()
        let old = try node.folder.copy()
        for _ in 0..<2 {
            try node.start(on: lab.loop)
            try lab.run("it to be back") { lab.isWhole }
            try stop()
        }
        #expect(lab.nodes[0].member("n3")?.standing.generation == 3)
        let restored = try lab.start("n3", lab.text(), in: old) { flags in flags.peers = peers }
        try lab.run("it to be taken in") {
            lab.nodes[..<2].allSatisfy {
                $0.member("n3").map { $0.state == .alive && $0.standing.generation > 3 } ?? false
            } && restored.aliveCount == 3
        }
        #expect(restored.daemon?.store.restored.generation == 1)
        try lab.leave()
    }
}
