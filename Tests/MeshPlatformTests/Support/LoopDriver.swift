import MeshCore
import MeshPlatform
import Testing

extension EventLoop {
    /// Turns until `isDone`, which is to be true within ten seconds; the test fails otherwise.
    func run(
        until isDone: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let deadline = SystemClock.now + .seconds(10)
        while !isDone() {
            guard SystemClock.now < deadline else {
                Issue.record("expected this within ten seconds", sourceLocation: sourceLocation)
                return
            }
            try turn(waitMax: .milliseconds(20))
        }
    }
}

/// What handlers have been told, in order: a place that closures can write to.
final class Heard<Element> {
    var all: [Element] = []
    var count: Int { all.count }
}

extension SocketAddress {
    /// 127.0.0.1 with a port that the system chooses.
    static let anyIPv4 = SocketAddress(ipv4: 0x7F_00_00_01, port: 0)
    /// ::1 with a port that the system chooses.
    static let anyIPv6 = SocketAddress(host: Bytes16(high: 0, low: 1), port: 0)

    func with(port: UInt16) -> SocketAddress { SocketAddress(host: host, port: port) }
}
