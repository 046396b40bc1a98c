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
}
