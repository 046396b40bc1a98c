package import MeshCore

extension TimeSpan {
    /// As people say it: `10 s`, `1.5 s`, `250 ms`. Fractions of a millisecond are dropped.
    package var inWords: String {
        let count = milliseconds
        guard count >= 1_000 else { return "\(count) ms" }
        guard count % 1_000 != 0 else { return "\(count / 1_000) s" }
        return "\(count / 1_000).\(count % 1_000 / 100) s"
    }
}
