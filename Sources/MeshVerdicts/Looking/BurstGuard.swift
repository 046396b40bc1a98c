import MeshCore

/// Tells a dead uplink from a dead region (section 6 of the design): when many of a node's checks
/// fail at once, it believes itself only if another node sees it, too.
///
/// Of what fails together a sample of 16 is asked about; when half of it is seen by others, the
/// burst is real for a while. Until then the node signs no dissent. Bound: one failure for each
/// check that this node looks at.
struct BurstGuard: Sendable {
    static let sampleMax = 16

    enum State: Sendable, Equatable {
        case quiet
        /// Many fail and nobody has confirmed it yet.
        case doubtful
        /// Many fail and others see it.
        case believed(until: Instant)
    }

    private let parameters: VerdictParameters
    private(set) var state = State.quiet
    /// Checks that fail here, by their place, and whether another node has said so, too.
    private var failing: [Int: Bool] = [:]
    /// When checks began to fail, oldest first, and how many of these are too long ago.
    private var beginnings: [Instant] = []
    private var pastCount = 0
    private(set) var sample: [Int] = []
    private var sampledAt = Instant.zero

    init(_ parameters: VerdictParameters) { self.parameters = parameters }

    /// Whether a dissent may be signed now.
    var allowsDissent: Bool { state != .doubtful }

    /// A look has failed. True if a new sample should be asked about.
    mutating func fail(_ check: Int, duties: Int, window: TimeSpan, now: Instant) -> Bool {
        if failing[check] == nil {
            failing[check] = false
            beginnings.append(now)
        }
        while pastCount < beginnings.count, now - beginnings[pastCount] > window { pastCount += 1 }
        if pastCount * 2 > beginnings.count {
            beginnings.removeFirst(pastCount)
            pastCount = 0
        }
        let recent = beginnings.count - pastCount
        let isBurst =
            recent >= parameters.burstMin && recent * parameters.burstShare >= duties
        switch state {
        case .quiet:
            return isBurst && takeSample(now: now)
        case .doubtful:
            // A sample that nobody answers for is drawn again while the failures last.
            return now - sampledAt >= .seconds(1) && takeSample(now: now)
        case .believed(let until):
            return now >= until && isBurst && takeSample(now: now)
        }
    }

    /// A look has found the certified state again, or what failed is certified.
    mutating func clear(_ check: Int) {
        guard failing.removeValue(forKey: check) != nil else { return }
        if failing.count < parameters.burstMin {
            state = .quiet
            sample = []
        }
    }

    /// Another node sees a check fail, too. True if that ends the doubt.
    mutating func corroborate(_ check: Int, now: Instant) -> Bool {
        guard failing[check] != nil else { return false }
        failing[check] = true
        return state == .doubtful && judgeSample(now: now)
    }

    func isCorroborated(_ check: Int) -> Bool { failing[check] ?? false }

    /// The lowest checks by their place, of those that fail.
    private mutating func takeSample(now: Instant) -> Bool {
        sampledAt = now
        sample = Array(failing.keys.sorted().prefix(Self.sampleMax))
        state = .doubtful
        return !judgeSample(now: now)
    }

    private mutating func judgeSample(now: Instant) -> Bool {
        let seen = sample.count { failing[$0] ?? false }
        guard !sample.isEmpty, seen * 2 >= sample.count else { return false }
        state = .believed(until: now + parameters.burstBelief)
        return true
    }
}
