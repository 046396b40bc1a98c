import MeshConfiguration
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshDaemon

/// Nodes that wait for others who do not come.
@Suite(.timeLimit(.minutes(1))) struct WaitingTests {
    @Test func `a node whose only peer is itself says so, once`() throws {
        let lab = try Lab()
        let own = try Lab.reserve(1, on: lab.loop)[0].description
        let node = try lab.start("n1", lab.text()) { flags in
            flags.bind = own
            flags.peers = [own]
        }
        let words = "this node has not found the others yet"
        try lab.run("it to say so", within: .seconds(30)) { node.output.contains(words) }
        #expect(node.output.split(separator: words).count == 2)
        let line = node.output.split(separator: "\n").first { $0.contains(words) } ?? ""
        #expect(line.contains(own))
        #expect(line.contains("mesh.peers names this node alone"))
        #expect(!node.isSettled)
        try lab.leave()
    }

    @Test func `one whose peer is away is told to see to the way there`() throws {
        let lab = try Lab()
        let away = try Lab.reserve(1, on: lab.loop)[0]
        let node = try lab.start("n1", lab.text()) { $0.peers = [away.description] }
        try lab.run("it to look for its peer", within: .seconds(5)) {
            seeds(of: node)?.trouble(at: away).last?.1.hasPrefix("mesh.peers names") == true
        }
        let trouble = seeds(of: node)?.trouble(at: .loopback) ?? []
        #expect(trouble.map(\.0) == ["peers", "remedy"])
        #expect(trouble.last?.1.hasPrefix("start them, and let UDP and TCP through") == true)
        try lab.leave()
    }

    private func seeds(of node: LabNode) -> SeedDesk? { node.daemon?.shell.desks?.seeds }
}
