import Glibc
import MeshConfiguration

/// Where a command writes. A class of its own so that a test can read what a person would.
class Console {
    /// Whether standard output is a terminal that shows colours.
    let showsColours: Bool
    /// Columns of the terminal; `nil`: no terminal, lines may be as long as they are.
    let width: Int?
    /// Columns of the terminal that standard error is, on which a line may be written over; `nil`:
    /// it is none.
    let errorWidth: Int?

    init(showsColours: Bool, width: Int?, errorWidth: Int? = nil) {
        self.showsColours = showsColours
        self.width = width
        self.errorWidth = errorWidth
    }

    /// Writes text to standard output, as it is.
    func write(_ text: String) {}
    /// Writes text to standard error, as it is.
    func writeError(_ text: String) {}

    final func print(_ line: String) { write(line + "\n") }
    /// What follows stands for what was printed before: on a terminal, in its place.
    final func beginAnew() { write(width == nil ? "\n" : "\u{1B}[H\u{1B}[2J") }
    final func complain(_ line: String) { writeError(line + "\n") }
}

/// This process's own.
final class StandardConsole: Console {
    init() {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let isPlain =
            Machine.variable("NO_COLOR")?.isEmpty == false || Machine.variable("TERM") == "dumb"
        let isDumb = Machine.variable("TERM") == "dumb"
        super.init(
            showsColours: isTerminal && !isPlain,
            width: isTerminal ? Self.width(of: STDOUT_FILENO) : nil,
            errorWidth: isatty(STDERR_FILENO) == 1 && !isDumb
                ? Self.width(of: STDERR_FILENO) : nil)
    }

    private static func width(of terminal: CInt) -> Int {
        if let columns = Machine.variable("COLUMNS").flatMap({ Int($0) }), columns > 0 {
            return columns
        }
        var size = winsize()
        // Fills the structure that it is given and keeps nothing.
        let answer = unsafe ioctl(terminal, UInt(TIOCGWINSZ), &size)
        return answer == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    override func write(_ text: String) { Self.write(text, to: STDOUT_FILENO) }
    override func writeError(_ text: String) { Self.write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: CInt) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            // Reads what it is given while it lasts, from a place within it.
            let count = unsafe bytes[written...].withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            // Who has closed the other end wants no more.
            if count < 0, errno != EINTR { return }
            written += max(0, count)
        }
    }
}
