/// One recurring purpose's place in a queue of timers that cannot be cancelled: however often it
/// is set, only the earliest time counts, and the timers left over from other settings are ignored.
package struct Alarm: Sendable {
    package private(set) var due: Instant?

    package init() {}

    /// Sets the alarm to `instant` unless it is to go off earlier anyway. True if a timer must be
    /// scheduled for it.
    package mutating func set(at instant: Instant) -> Bool {
        if let due, due <= instant { return false }
        due = instant
        return true
    }

    /// A timer of this alarm has fired: true if it is the one that counts, which is then spent.
    package mutating func goesOff(at now: Instant) -> Bool {
        guard let due, due <= now else { return false }
        self.due = nil
        return true
    }
}
