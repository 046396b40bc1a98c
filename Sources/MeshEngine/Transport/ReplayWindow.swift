/// Which counters of one sender have been seen: the highest, and at least the 960 below it, a bit
/// each (RFC 6479). A counter is accepted once; one too old for the window is refused, for nobody
/// could tell.
///
/// A sender counts its datagrams to all peers with one counter and may have hundreds to say in one
/// instant, as after a cut; the network reorders them as it likes. A window of one word refused most
/// of them.
package struct ReplayWindow: Sendable {
    private static let wordCount: UInt64 = 16
    private static let wordWidth: UInt64 = 64
    /// The word of the highest may be all but empty.
    package static let width = (wordCount - 1) * wordWidth

    private var highest: UInt64 = 0
    private var isEmpty = true
    /// A ring: counter c is bit c mod 64 of word c / 64 mod 16.
    private var seen = InlineArray<16, UInt64>(repeating: 0)

    package init() {}

    /// Whether `counter` is new here. Asked before the datagram is opened, so that a replay costs
    /// no decryption.
    package func isNew(_ counter: UInt64) -> Bool {
        if isEmpty || counter > highest { return true }
        return highest - counter < Self.width
            && seen[Self.place(of: counter)] & Self.bit(of: counter) == 0
    }

    /// Marks `counter` as seen. Only for a datagram that was opened: a forged counter must not
    /// move the window.
    package mutating func accept(_ counter: UInt64) {
        if isEmpty {
            isEmpty = false
            highest = counter
        } else if counter > highest {
            let (last, next) = (highest / Self.wordWidth, counter / Self.wordWidth)
            for step in 0..<min(next - last, Self.wordCount) {
                seen[Int((next - step) % Self.wordCount)] = 0
            }
            highest = counter
        }
        guard highest - counter < Self.width else { return }
        seen[Self.place(of: counter)] |= Self.bit(of: counter)
    }

    private static func place(of counter: UInt64) -> Int {
        Int(counter / wordWidth % wordCount)
    }

    private static func bit(of counter: UInt64) -> UInt64 { 1 << (counter % wordWidth) }
}
