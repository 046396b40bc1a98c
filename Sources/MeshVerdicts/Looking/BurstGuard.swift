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
    private struct Failure: Sendable {
        /// The number of its beginning.
        var beginning: Int
        /// Another node has said so, too.
        var isSeen = false
    }

    /// Checks that fail here, by their place.
    private var failing: [Int: Failure] = [:]
    /// When checks began to fail, oldest first, whether they have ended, how many of these are too
    /// long ago, and how many beginnings were dropped before the first.
    private var beginnings: [(at: Instant, hasEnded: Bool)] = []
    private var pastCount = 0
    private var droppedCount = 0
    /// Of those that are not too long ago.
    private var endedCount = 0
    private(set) var sample: [Int] = []
    private var sampledAt = Instant.zero

    init(_ parameters: VerdictParameters) { self.parameters = parameters }

    /// Whether a dissent may be signed now.
    var allowsDissent: Bool { state != .doubtful }

    /// A look has failed. True if a new sample should be asked about.
    mutating func fail(_ check: Int, duties: Int, window: TimeSpan, now: Instant) -> Bool {
        if failing[check] == nil {
            failing[check] = Failure(beginning: droppedCount + beginnings.count)
            beginnings.append((now, false))
        }
        while pastCount < beginnings.count, now - beginnings[pastCount].at > window {
            if beginnings[pastCount].hasEnded { endedCount -= 1 }
            pastCount += 1
        }
        if pastCount * 2 > beginnings.count {
            beginnings.removeFirst(pastCount)
            droppedCount += pastCount
            pastCount = 0
        }
        let recent = beginnings.count - pastCount - endedCount
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
        guard let failure = failing.removeValue(forKey: check) else { return }
        let place = failure.beginning - droppedCount
        if place >= pastCount {
            // One that comes and goes is one, however often.
            beginnings[place].hasEnded = true
            endedCount += 1
        }
        if failing.count < parameters.burstMin {
            state = .quiet
            sample = []
        }
    }

    /// Another node sees a check fail, too. True if that ends the doubt.
    mutating func corroborate(_ check: Int, now: Instant) -> Bool {
        guard failing[check] != nil else { return false }
        failing[check]?.isSeen = true
        return state == .doubtful && judgeSample(now: now)
    }

    func isCorroborated(_ check: Int) -> Bool { failing[check]?.isSeen ?? false }

    /// The lowest checks by their place, of those that fail.
    private mutating func takeSample(now: Instant) -> Bool {
        sampledAt = now
        sample = Array(failing.keys.sorted().prefix(Self.sampleMax))
        state = .doubtful
        return !judgeSample(now: now)
    }

    private mutating func judgeSample(now: Instant) -> Bool {
        let seen = sample.count { failing[$0]?.isSeen ?? false }
        guard !sample.isEmpty, seen * 2 >= sample.count else { return false }
        state = .believed(until: now + parameters.burstBelief)
        return true
    }
}
