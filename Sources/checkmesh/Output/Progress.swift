import MeshCore
import MeshPlatform

/// How far many looks have come, in one line of the terminal that standard error is; elsewhere it
/// says nothing. The line is gone before anything else is printed.
struct Progress {
    /// Fewer are done before anybody has read it.
    static let totalMin = 10
    private static let spacing = TimeSpan.milliseconds(100)

    private let console: Console
    private let total: Int
    private var ended = 0
    private var notUp = 0
    private var shownAt: Instant?

    init(of total: Int, on console: Console) {
        self.console = console
        self.total = total
    }

    mutating func add(isUp: Bool, now: Instant = SystemClock.now) {
        ended += 1
        if !isUp { notUp += 1 }
        guard let width = console.errorWidth, total >= Self.totalMin else { return }
        if let shownAt, now - shownAt < Self.spacing { return }
        shownAt = now
        let words = "\(ended) of \(total) checks, \(notUp) not up"
        console.writeError("\r\u{1B}[K" + words.prefix(max(1, width - 1)))
    }

    mutating func finish() {
        guard shownAt != nil else { return }
        shownAt = nil
        console.writeError("\r\u{1B}[K")
    }
}
