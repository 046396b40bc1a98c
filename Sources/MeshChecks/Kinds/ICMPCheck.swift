package import MeshCore

/// Echo requests to one host, and how many must come back how soon (RFC 792; RFC 4443, 4).
package struct ICMPCheck: Sendable, Hashable {
    package static let countRange = 1...20
    package static let countUsual = 5
    /// Below, a host's own limit on echo replies would read as loss.
    package static let spacingRange = TimeSpan.milliseconds(10)...TimeSpan.seconds(10)
    package static let spacingUsual = TimeSpan.milliseconds(200)
    /// Of what a packet carries, in bytes: at least what tells it from a stranger's, at most what an
    /// Ethernet frame has room for.
    package static let sizeRange = EchoMessage.markByteCount...1_472
    /// As `ping` sends.
    package static let sizeUsual = 56
    /// What the last packet has at least, to come back.
    package static let lastWaitMin = TimeSpan.milliseconds(100)

    /// A name, or an address without brackets.
    package var target: String
    package var count = countUsual
    /// From one packet to the next.
    package var spacing = spacingUsual
    /// `nil`: down is only who answers none.
    package var maxLoss: Loss?
    /// A median round trip above it is *down*; `nil`: none is too slow.
    package var maxRoundTrip: TimeSpan?
    package var size = sizeUsual
    package var version: IPVersion?
    /// What variables of its configuration stand for: nobody must read it in a reason.
    package var redaction = Redaction()
    package var attempts = AttemptPlan()

    package init(target: String) { self.target = target }

    /// How many packets may be lost.
    package enum Loss: Sendable, Hashable {
        case packets(Int)
        /// Of those that are sent, 0 to 99.
        case percent(Int)
    }

    /// From the first packet to the last.
    package var spread: TimeSpan { spacing * (count - 1) }

    /// Whether so many lost packets are too many, whatever comes of the others.
    package func isTooMany(_ lostCount: Int) -> Bool {
        switch maxLoss {
        case nil: lostCount >= count
        case .packets(let allowed): lostCount > allowed
        case .percent(let allowed): lostCount * 100 > allowed * count
        }
    }

    /// What the round trips of the packets that came back say; the others are lost, the last one
    /// that somebody refused for the reason `refusal`. `elapsed`: since the attempt began.
    package func judge(
        _ roundTrips: [TimeSpan], refusal: String?, after elapsed: TimeSpan
    ) -> Attempt {
        var measurements = Measurements()
        measurements.packetsSent = count
        measurements.packetsReceived = roundTrips.count
        let lostCount = count - roundTrips.count
        let sorted = roundTrips.sorted()
        guard !isTooMany(lostCount), !sorted.isEmpty else {
            let why = refusal.map { ": \($0)" } ?? ""
            let words = "\(lostCount) of \(count) packets lost\(allowance(lostCount))\(why)"
            return .failed(Reason(words), after: elapsed).measuring(measurements)
        }
        // Of an even number the mean of the middle two, as of attempts.
        let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        if let maxRoundTrip, median > maxRoundTrip {
            let words = "median round trip \(Self.words(median)), above \(Self.words(maxRoundTrip))"
            return .failed(Reason(words), after: median).measuring(measurements)
        }
        return .answered(median).measuring(measurements)
    }

    /// Where some came back: how many need not have.
    private func allowance(_ lostCount: Int) -> String {
        guard lostCount < count else { return "" }
        return switch maxLoss {
        case nil: ""
        case .packets(0), .percent(0): ", none may be"
        case .packets(let allowed): ", \(allowed) may be"
        case .percent(let allowed): ", \(allowed)% may be"
        }
    }

    /// `240 ms`, `1.25 ms`: to the microsecond below ten milliseconds, where that tells something.
    private static func words(_ span: TimeSpan) -> String {
        let microseconds = span.nanoseconds / 1_000
        guard microseconds < 10_000, microseconds % 1_000 != 0 else {
            return "\(microseconds / 1_000) ms"
        }
        var digits = String(microseconds % 1_000 + 1_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(microseconds / 1_000).\(digits) ms"
    }

    func write(to text: inout DefinitionText) {
        text.add("target", .text(target))
        text.add("count", .number(count), unless: .number(Self.countUsual))
        text.add("spacing", .span(spacing), unless: .span(Self.spacingUsual))
        switch maxLoss {
        case nil: break
        case .packets(let number): text.add("max_loss", .number(number))
        case .percent(let number): text.add("max_loss", .text("\(number)%"))
        }
        if let maxRoundTrip { text.add("max_rtt", .span(maxRoundTrip)) }
        text.add("size", .number(size), unless: .number(Self.sizeUsual))
        text.add(version)
    }
}
