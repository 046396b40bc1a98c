import Glibc
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshDaemon

/// What a reload does to looks that are under way.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ReloadTests {
    @Test(arguments: ["removed", "changed", "switched off", "kept"])
    func `the program of a check that is no more is ended, with what it has started`(
        fate: String
    ) throws {
        let lab = try Lab()
        let folder = try TemporaryDirectory()
        // Many, so that the first of them has its turn soon.
        func checks(_ seconds: Int, isEnabled: Bool = true) -> [String] {
            (1...30).map { number in
                """
                {"name": "slow \(number)", "type": "exec", "command": "/bin/sh",
                 "interval": "1m", "timeout": "50s", "enabled": \(isEnabled),
                 "arguments": ["-c", "sleep \(seconds) & echo $$! > \(folder.path)/pid; wait"]}
                """
            }
        }
        var text = lab.text()
        text.more = checks(40)
        let node = try lab.start("n1", text)
        var child: pid_t = 0
        try lab.run("the program to start") {
            let bytes = try? AtomicFile.read("\(folder.path)/pid", byteCountMax: 100).bytes
            let word = (bytes ?? []).prefix { $0 != 0x0A }
            child = pid_t(String(decoding: word, as: UTF8.self)) ?? 0
            return child > 0
        }
        switch fate {
        case "removed": node.text.more = []
        case "changed": node.text.more = checks(41)
        case "switched off": node.text.more = checks(40, isEnabled: false)
        default: node.text.checks = ["another"]
        }
        node.daemon?.reload()
        let isGone = { kill(child, 0) != 0 }
        if fate == "kept" {
            #expect(try !lab.loop.turn(within: .seconds(1), until: isGone))
        } else {
            try lab.run("it to end", within: .seconds(5), until: isGone)
        }
        try lab.leave()
    }
}
