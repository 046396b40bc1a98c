import MeshChecks
import MeshCore

/// A notice on its way along one line, as one node sees it: from when it is wanted until its
/// receipt, or until a later one takes its place.
struct Errand: Sendable {
    var notice: Notice
    var place: Place
    /// The worst that the contact was not told and that has ended: it goes with this notice.
    var owed: TargetState?
    /// From when the rungs of the ladder count: when it was learnt, or when a rank was done.
    var base: Instant
    /// Not to be claimed before: the majority was asked for in vain.
    var notBefore: Instant
    /// How often others have said that the check has flipped since.
    var supersededCount = 0
    /// Which time round the ladder, from 0.
    var round: UInt32 = 0
    /// Ranks that had their turn in this round: failed, or let a lease end.
    var spent: [NodeID] = []
    var phase: Phase = .waiting
    /// Why it is held back: no words for a silence, or what its check depends on.
    var hold: Reason?
    var isHeld: Bool { hold != nil }
    /// This node claimed it before it was started again, and may have sent it.
    var isResumed = false
    /// Attempts known of, all nodes' together.
    var attempts = 0
    /// A claim of this node's is on disk, or on its way there.
    var hasStoredClaim = false
    /// The last failure heard of in any round.
    var failure: (reason: Reason, node: NodeID)?
    var reported: Reported?
    var alarm = Alarm()

    struct Reported: Sendable, Hashable {
        var status: NoticeStatus
        var node: NodeID?
        var at: WallTime
    }

    enum Phase: Sendable {
        /// For its turn, for a silence to end, or for another's receipt.
        case waiting
        /// For the majority.
        case mustering
        /// For the claim to be on disk.
        case storing(Claim)
        case claiming(Pending)
        /// The request has left.
        case sending(Attempt)
        /// For the signature under the receipt.
        /// The claim still holds until the receipt is out.
        case signing(Delivery, Claim?)
    }

    /// A claim that was sent and not yet decided.
    struct Pending: Sendable {
        var claim: Claim
        var deadline: Instant
        /// When it is said again to those who have not answered.
        var nextTry: Instant
        var leaseEnd: Instant
        /// Beside the owners, the rest of the ladder was asked.
        var asksAll: Bool
        /// Nodes of worse rank that another owner has told to go on: they may have sent, and only
        /// their own answer says. Until then there is no going on.
        var doubts: [ClaimBook.Held] = []
        /// Who has said that it yields.
        var yielded: [NodeID] = []
    }

    struct Attempt: Sendable {
        var claim: Claim
        var token: DeliveryToken
        /// As when it was claimed: whoever was asked waits for the lease.
        var asksAll: Bool
        /// When it counts as failed.
        var deadline: Instant
        var nextRenewal: Instant
    }

    init(_ notice: Notice, at place: Place, owed: TargetState?, base: Instant) {
        self.notice = notice
        self.place = place
        self.owed = owed
        self.base = base
        notBefore = base
    }

    /// The number of the claim that is under way.
    var claimNumber: UInt64? {
        switch phase {
        case .storing(let claim): claim.number
        case .claiming(let pending): pending.claim.number
        case .sending(let attempt): attempt.claim.number
        case .waiting, .mustering, .signing: nil
        }
    }

    /// Another node, or this one, has failed at this notice: the next rank's turn is now.
    mutating func note(_ failure: Receipt, now: Instant) {
        guard case .failed(let reason) = failure.outcome else { return }
        self.failure = (reason, failure.node)
        enter(failure.round)
        guard failure.round == round else { return }
        spend(failure.node, now: now)
    }

    /// A rank has had its turn in this round.
    mutating func spend(_ node: NodeID, now: Instant) {
        if !spent.contains(node) { spent.append(node) }
        base = max(base, now)
    }

    /// This node goes round the ladder once more. The last round there is goes on for ever.
    mutating func enterNextRound(now: Instant) {
        round = min(round + 1, NoticeBounds.roundMax)
        spent = []
        base = now
    }

    /// Others have gone round the ladder once more.
    mutating func enter(_ round: UInt32) {
        guard round > self.round else { return }
        self.round = round
        spent = []
    }

    /// Whether this node has let a request or a signature out that must be waited for.
    var hasLeft: Bool {
        switch phase {
        case .sending, .signing: true
        case .waiting, .mustering, .storing, .claiming: false
        }
    }
}
