/// Which counters of one sender have been seen: the highest, and the 64 below it, a bit each
/// (RFC 6479's idea in its smallest form). A counter is accepted once; one too old for the window
/// is refused, for nobody could tell.
package struct ReplayWindow: Sendable, Hashable {
    package static let width: UInt64 = 64

    private var highest: UInt64 = 0
    /// Bit k is set if `highest - k` has been seen.
    private var seen: UInt64 = 0

    package init() {}

    /// Whether `counter` is new here. Asked before the datagram is opened, so that a replay costs
    /// no decryption.
    package func isNew(_ counter: UInt64) -> Bool {
        if counter > highest || seen == 0 { return true }
        let age = highest - counter
        return age < Self.width && seen >> age & 1 == 0
    }

    /// Marks `counter` as seen. Only for a datagram that was opened: a forged counter must not
    /// move the window.
    package mutating func accept(_ counter: UInt64) {
        if counter > highest || seen == 0 {
            let step = counter - min(highest, counter)
            seen = step >= Self.width || seen == 0 ? 1 : seen << step | 1
            highest = counter
        } else if highest - counter < Self.width {
            seen |= 1 << (highest - counter)
        }
    }
}
