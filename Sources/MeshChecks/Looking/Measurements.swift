package import MeshCore

/// What a look found out besides its verdict: where the time went, when a certificate ends. For
/// people and dashboards; nothing is decided by it, and nothing of it is gossiped but a remark where
/// too few can look.
///
/// Every field is absent where the kind of check has no such thing, or did not come so far.
package struct Measurements: Sendable, Hashable {
    /// Asking for the name's addresses.
    package var resolve: TimeSpan?
    /// From the first packet to the connection.
    package var connect: TimeSpan?
    /// The TLS handshake.
    package var tls: TimeSpan?
    /// From the request's end to the first byte of its answer.
    package var processing: TimeSpan?
    /// From the answer's first byte to its last.
    package var transfer: TimeSpan?
    /// When the first certificate of the chain ends: of the path that is trusted where `tls` and `tcp`
    /// have verified one, else of what was shown.
    package var certificateEnds: WallTime?
    /// The status code of an HTTP answer.
    package var status: Int?
    package var packetsSent: Int?
    package var packetsReceived: Int?
    /// Of a look that was not possible: why, in more words than the abstention has.
    package var remark: Reason?

    package init() {}

    /// Where the time went, in its order, under the names that blackbox_exporter has for it.
    package var phases: [(name: StaticString, span: TimeSpan)] {
        let all: [(StaticString, TimeSpan?)] = [
            ("resolve", resolve), ("connect", connect), ("tls", tls), ("processing", processing),
            ("transfer", transfer),
        ]
        return all.compactMap { name, span in span.map { (name, $0) } }
    }
}

/// A finished look: what the mesh hears of, and what stays here.
package struct LookResult: Sendable, Hashable {
    package var observation: Observation
    /// Of the attempt that decided, or of the last one.
    package var measurements: Measurements
    /// What it was concluded from, in their order, as they were made.
    package var attempts: [Attempt] = []

    package init(_ observation: Observation, _ measurements: Measurements = Measurements()) {
        self.observation = observation
        self.measurements = measurements
    }
}
