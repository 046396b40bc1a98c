/// Which of the two a target is reached by, where that is not left to its name: `force_ip`.
package enum IPVersion: UInt8, Sendable, Hashable, CaseIterable {
    case four = 4
    case six = 6
}
