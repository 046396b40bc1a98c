/// Prints rows in columns that line up: for people, so its form is no contract.
struct Table {
    /// What a cell says besides its text.
    enum Tone: Sendable, Hashable {
        case plain, good, fair, bad, faint

        fileprivate var code: String? {
            switch self {
            case .plain: nil
            case .good: "32"
            case .fair: "33"
            case .bad: "31"
            case .faint: "2"
            }
        }
    }

    struct Cell: Sendable, Hashable, ExpressibleByStringLiteral {
        var text: String
        var tone: Tone

        /// Control characters would let a remote text write anywhere on the terminal.
        init(_ text: String, _ tone: Tone = .plain) {
            self.text = String(
                String.UnicodeScalarView(
                    text.unicodeScalars.map {
                        $0.properties.generalCategory == .control ? "\u{FFFD}" : $0
                    }))
            self.tone = tone
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    enum Side: Sendable {
        case left, right
    }

    /// A column is never cut below this.
    static let columnWidthMin = 8
    /// Of one that goes on in further lines, before another is cut.
    static let wrappedWidthMin = 24

    private let titles: [(text: String, side: Side)]
    private var rows: [[Cell]] = []

    init(_ titles: [(String, Side)]) { self.titles = titles.map { (text: $0.0, side: $0.1) } }

    /// Expects a cell for each title.
    mutating func add(_ row: [Cell]) {
        precondition(row.count == titles.count, "expected a cell for each title")
        rows.append(row)
    }

    /// Whether the last column goes on in further lines where it is too long for the terminal,
    /// rather than being cut: what is wrong is the last thing to keep from people.
    var wrapsLast = false

    func lines(for console: Console) -> [String] {
        let widths = widths(fitting: console.width)
        let rows: [[Cell]] = rows.flatMap { row -> [[Cell]] in
            guard wrapsLast, let last = row.last, let width = widths.last,
                last.text.count > width
            else { return [row] }
            let pieces = Self.wrapped(last.text, to: width).map { Cell($0, last.tone) }
            let rest = pieces.dropFirst().map { piece in
                [Cell](repeating: "", count: row.count - 1) + [piece]
            }
            return [row.dropLast() + pieces.prefix(1)] + rest
        }
        let head = zip(titles, widths).map { title, width in
            Self.fill(Cell(title.text, .faint), width, title.side, console.showsColours)
        }
        let body = rows.map { row in
            zip(zip(row, titles), widths).map { pair, width in
                Self.fill(pair.0, width, pair.1.side, console.showsColours)
            }
        }
        return ([head] + body).map { cells in
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// As wide as the widest cell; where that is more than the terminal has, the widest columns
    /// give way first.
    private func widths(fitting total: Int?) -> [Int] {
        var widths = titles.indices.map { column in
            rows.reduce(titles[column].text.count) { max($0, $1[column].text.count) }
        }
        guard let total else { return widths }
        let gaps = 2 * (widths.count - 1)
        var excess = widths.reduce(gaps, +) - total
        if wrapsLast, let last = widths.last {
            let narrowed = min(last, max(Self.wrappedWidthMin, last - excess))
            excess -= last - narrowed
            widths[widths.count - 1] = narrowed
        }
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > Self.columnWidthMin
        {
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    /// At spaces, or within a word that is longer than a line.
    private static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var rest = text[...]
        while rest.count > width {
            let line = rest.prefix(width + 1)
            let end = line.lastIndex(of: " ") ?? line.index(before: line.endIndex)
            lines.append(String(rest[..<end]))
            rest = rest[end...].drop { $0 == " " }
        }
        return lines + [String(rest)]
    }

    private static func fill(
        _ cell: Cell, _ width: Int, _ side: Side, _ showsColours: Bool
    ) -> String {
        let text =
            cell.text.count > width ? String(cell.text.prefix(width - 1)) + "…" : cell.text
        let space = String(repeating: " ", count: width - text.count)
        let shown = colour(text, cell.tone, showsColours)
        switch side {
        case .left: return shown + space
        case .right: return space + shown
        }
    }

    static func colour(_ text: String, _ tone: Tone, _ showsColours: Bool) -> String {
        guard showsColours, !text.isEmpty, let code = tone.code else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
