package import MeshCore

/// What each process has put on the network, headers included.
package struct TrafficMeter: Sendable {
    package struct Sent: Sendable, Hashable {
        package var datagrams = 0
        /// With 20 bytes of IPv4 and 8 of UDP for each.
        package var datagramBytes = 0
        /// Segments with their headers, handshakes and acknowledgements.
        package var streamBytes = 0

        package var bytes: Int { datagramBytes + streamBytes }
    }

    package static let headerByteCount = 28

    private var total: [Sent]
    private var baseline: [Sent]
    /// From when on `measured` counts.
    package private(set) var measuringSince = Instant.zero

    init(processCount: Int) {
        total = Array(repeating: Sent(), count: processCount)
        baseline = total
    }

    mutating func countDatagram(_ byteCount: Int, from process: Int) {
        total[process].datagrams += 1
        total[process].datagramBytes += byteCount + Self.headerByteCount
    }

    mutating func countStream(_ byteCount: Int, from process: Int) {
        total[process].streamBytes += byteCount
    }

    mutating func beginMeasuring(at now: Instant) {
        baseline = total
        measuringSince = now
    }

    package func sent(by process: Int) -> Sent { total[process] }

    /// What `process` has sent since measuring began.
    package func measured(_ process: Int) -> Sent {
        let (total, base) = (total[process], baseline[process])
        return Sent(
            datagrams: total.datagrams - base.datagrams,
            datagramBytes: total.datagramBytes - base.datagramBytes,
            streamBytes: total.streamBytes - base.streamBytes)
    }
}
