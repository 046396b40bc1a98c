@testable import checkmesh

/// Keeps what a command writes.
final class RecordingConsole: Console {
    private(set) var output = ""
    private(set) var errors = ""

    init(showsColours: Bool = false, columns: Int? = nil, errorColumns: Int? = nil) {
        super.init(showsColours: showsColours, width: columns, errorWidth: errorColumns)
    }

    override func write(_ text: String) { output += text }
    override func writeError(_ text: String) { errors += text }

    var lines: [String] { output.split(separator: "\n").map(String.init) }
}
