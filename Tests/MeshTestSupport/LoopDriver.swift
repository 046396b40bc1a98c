package import MeshCore
package import MeshPlatform

/// What a test waited for on a loop has not come about.
package struct NotInTime: Error {}

extension EventLoop {
    /// Turns until `isDone`. Throws, and so fails the test, if that takes longer than `span`.
    package func run(within span: TimeSpan = .seconds(10), until isDone: () -> Bool) throws {
        let deadline = SystemClock.now + span
        while !isDone() {
            guard SystemClock.now < deadline else { throw NotInTime() }
            try turn(waitMax: .milliseconds(20))
        }
    }

    /// The same while `other`, which may be this one, is turned as well.
    package func run(with other: EventLoop, until isDone: () -> Bool) throws {
        try run {
            if other !== self { try? other.turn(waitMax: .zero) }
            return isDone()
        }
    }
}

/// What handlers have been told, in order: a place that closures can write to.
package final class Heard<Element> {
    package var all: [Element] = []
    package var count: Int { all.count }
    package init() {}
}

extension SocketAddress {
    /// 127.0.0.1 with a port that the system chooses.
    package static let anyIPv4 = SocketAddress(ipv4: 0x7F_00_00_01, port: 0)
    /// ::1 with a port that the system chooses.
    package static let anyIPv6 = SocketAddress(host: Bytes16(high: 0, low: 1), port: 0)

    package func with(port: UInt16) -> SocketAddress { SocketAddress(host: host, port: port) }
}

/// Whether both are the same bytes. For megabytes: an expectation that compares arrays itself looks
/// for their smallest difference when it fails, which takes hours.
package func areSame(_ left: [UInt8], _ right: [UInt8]) -> Bool { left == right }
