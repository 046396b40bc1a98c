extension Certificate {
    /// Whose words stand for the flip where only one's can be shown: the first that saw just the
    /// state that was certified. One that saw a worse or better state supports it, too, and its
    /// reason is about what it saw: *up* because of *connection refused* would puzzle everybody.
    package var foremost: Supporter? {
        let exact = supporters.filter { $0.entry.stance == .dissents(flip.state) }
        return (exact.isEmpty ? supporters : exact).min { $0.entry.since < $1.entry.since }
    }
}
