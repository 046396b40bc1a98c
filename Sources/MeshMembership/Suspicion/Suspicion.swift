import MeshCore

/// One member's suspicion, from the first accusation to its refutation, its clearing or the
/// member's death (SWIM 4.2, Lifeguard IV.B).
struct Suspicion: Sendable {
    let generation: UInt32
    let incarnation: UInt32
    let startedAt: Instant
    /// Who accuses, in the order in which we heard: distinct keys.
    private(set) var accusers: [NodeID]
    /// The first accusation as signed, for telling the subject (Lifeguard IV.C, buddy).
    var claim: Update?
    /// A death that another declared: ours too if our own look fails.
    var declaredDead: Update?
    var declaredBy: NodeID?
    /// The number of the last look under way.
    var look: UInt32?
    /// Raised with each new deadline; an older timer is ignored.
    private(set) var revision: UInt32 = 0

    private let minimum: TimeSpan
    private let maximum: TimeSpan
    private let confirmationsExpected: Int

    init(
        of standing: Standing, by accuser: NodeID, claim: Update?, now: Instant,
        _ parameters: MembershipParameters, membersCount: Int
    ) {
        generation = standing.generation
        incarnation = standing.incarnation
        startedAt = now
        accusers = [accuser]
        self.claim = claim
        minimum = Self.minimum(parameters, membersCount: membersCount)
        let shrinks = parameters.lifeguard.contains(.shrinkingSuspicion)
        maximum = shrinks ? minimum * parameters.suspicionMaxMultiplier : minimum
        confirmationsExpected = min(parameters.confirmationsExpected, membersCount - 2)
    }

    /// alpha x max(1, log10 n) x period.
    static func minimum(_ parameters: MembershipParameters, membersCount: Int) -> TimeSpan {
        let base = parameters.probePeriod * parameters.suspicionMultiplier
        return base.scaled(by: max(.one, .log10(max(membersCount, 1))))
    }

    /// How long a suspicion with so many accusers beside the first lasts, from its beginning:
    /// from the maximum down to the minimum, by the logarithm. A single accuser waits the maximum;
    /// so does one in a mesh too small for another.
    static func timeout(
        confirmations: Int, expected: Int, minimum: TimeSpan, maximum: TimeSpan
    ) -> TimeSpan {
        guard expected > 0, confirmations > 0 else { return maximum }
        let share = FixedPoint.log2(min(confirmations, expected) + 1) / .log2(expected + 1)
        return max(minimum, maximum - (maximum - minimum).scaled(by: share))
    }

    /// When it ends in death unless something else ends it first.
    var deadline: Instant {
        startedAt
            + Self.timeout(
                confirmations: accusers.count - 1, expected: confirmationsExpected,
                minimum: minimum, maximum: maximum)
    }

    /// False if `accuser` is counted already, or enough are.
    mutating func confirm(by accuser: NodeID) -> Bool {
        guard accusers.count <= confirmationsExpected, !accusers.contains(accuser) else {
            return false
        }
        accusers.append(accuser)
        return true
    }

    /// A new deadline needs a new timer.
    mutating func nextRevision() -> UInt32 {
        revision &+= 1
        return revision
    }
}
