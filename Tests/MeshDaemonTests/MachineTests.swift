import MeshConfiguration
import MeshCore
import MeshEngine
import MeshMembership
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshDaemon

/// What a machine has or lacks: addresses of both families, ports that are taken, directories that
/// can't be written.
@Suite(.serialized, .timeLimit(.minutes(1))) struct MachineTests {
    private static let hasIPv6 = { () -> Bool in
        guard let loop = try? EventLoop() else { return false }
        return (try? LoopbackServer(on: loop, host: .anyIPv6, nil)) != nil
    }()

    @Test(.enabled(if: hasIPv6, "this machine has no ::1")) func `a mesh on IPv6`() throws {
        let lab = try Lab()
        for number in 1...3 {
            try lab.start("n\(number)", lab.text()) { flags in
                flags.bind = "[::1]:0"
                flags.http = "[::1]:0"
            }
        }
        try lab.run("the nodes to find each other") { lab.isWhole }
        try lab.leave()
    }

    @Test(.enabled(if: hasIPv6, "this machine has no ::1"))
    func `nodes that others reach by IPv4 and by IPv6 are one mesh`() throws {
        let lab = try Lab()
        for number in 1...4 {
            let host = number % 2 == 0 ? "127.0.0.1" : "[::1]"
            try lab.start("n\(number)", lab.text()) { flags in
                flags.bind = "[::]:0"
                flags.advertise = "\(host):0"
                flags.peers = lab.nodes.compactMap { node in
                    node.core.flatMap { $0.member($0.id)?.address.description }
                }
            }
        }
        try lab.run("the nodes to find each other") { lab.isWhole }
        let seen = lab.nodes[0].members.map(\.address.isIPv4)
        #expect(Set(seen) == [true, false])
        try lab.leave()
    }

    @Test(arguments: ["mesh", "http"])
    func `a port that is taken is named, and nothing stays open`(_ which: String) throws {
        let lab = try Lab()
        let holder = try LoopbackServer(on: lab.loop, nil)
        let folder = try TemporaryDirectory()
        // Its own port again, if the first try has let go of it.
        let bind = try Lab.reserve(1, on: lab.loop)[0].description
        let error = #expect(throws: SystemError.self) {
            try lab.start("n1", lab.text(), in: folder) { flags in
                flags.bind = which == "mesh" ? holder.address.description : bind
                flags.http = which == "http" ? holder.address.description : "127.0.0.1:0"
            }
        }
        let words = error?.description ?? ""
        #expect(words.contains(holder.address.description) && words.contains("in use"))
        let node = try lab.start("n1", lab.text(), in: folder) { flags in flags.bind = bind }
        try lab.run("it to settle") { node.isSettled }
        try lab.leave()
    }

    @Test func `a data directory that can't be written is named`() throws {
        let lab = try Lab()
        let error = #expect(throws: DirectoryLock.Fault.self) {
            try lab.start("n1", lab.text()) { flags in flags.data = "/proc/nowhere" }
        }
        #expect(error?.description.contains("/proc/nowhere") == true)
    }

    @Test func `a data directory in use is refused, and its holder named`() throws {
        let lab = try Lab()
        let node = try lab.start("n1", lab.text())
        let error = #expect(throws: DirectoryLock.Fault.self) {
            try lab.start("n2", lab.text(), in: node.folder)
        }
        #expect(error?.description.contains("is in use by process") == true)
        try lab.leave()
    }
}
