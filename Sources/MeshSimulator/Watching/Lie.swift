/// How a voter lies. It runs the true code: its eyes and its tongue are tampered with, because
/// nobody else holds its key.
package enum Lie: UInt8, Sendable, Hashable, CaseIterable {
    /// Every look shows down.
    case saysDown
    /// Every look shows up.
    case saysUp
    /// Every other look shows down.
    case changesItsMind
    /// Notices that it is to send are answered as sent and never leave.
    case claimsToHaveSent
    /// It signs nothing about checks.
    case staysSilent
    /// It signs a second, different entry under one number and shows some the one, some the other.
    case equivocates
    /// It repeats an old head for ever.
    case showsStaleHeads
    /// It sees everything down and proves it by itself: one owner, a quorum of one, a member list
    /// of one.
    case understatesRule
    /// The same under a definition of its own, whose rule asks for no more.
    case rewritesRule
    /// It sees everything down and proves it by friends that it has made up, with keys that it has
    /// made, and a member list in which they are.
    case inventsSigners
    /// It sends old verdicts, certificates and receipts again, for ever.
    case repeatsThePast
    /// It passes on nothing about checks and notices, and says nothing of its own but its heads.
    case withholds
    /// Whatever is to be told it says it is telling, as if its request had left, and never does.
    case claimsEverything
    /// Whatever is to be told it signs for as sent at once.
    case fakesReceipts
    /// It calls all others to look at everything, with everything that it sends.
    case floodsHints

    /// Whether it may keep others from telling: whoever signs for a notice ends it, and nobody can
    /// look behind that.
    package var isAboutTelling: Bool {
        switch self {
        case .claimsToHaveSent, .claimsEverything, .fakesReceipts: true
        case .saysDown, .saysUp, .changesItsMind, .staysSilent, .equivocates, .showsStaleHeads,
            .understatesRule, .rewritesRule, .inventsSigners, .repeatsThePast, .withholds,
            .floodsHints:
            false
        }
    }
}
