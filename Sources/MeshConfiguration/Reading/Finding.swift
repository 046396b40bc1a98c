package import MeshCore

/// Something that an operator must, or should, put right: where it is, what is wrong, what to do.
/// It prints as `checks[3].interval: 200ms is below the minimum of 1s (line 12)`.
package struct Finding: Sendable, Hashable, CustomStringConvertible {
    /// The key's path, or the flag or variable that the value came from; empty for all of the file.
    package let path: String
    package let message: String
    /// Where it stands in the file, if it does.
    package let place: JSONPlace?

    package init(_ path: String, _ message: String, at place: JSONPlace? = nil) {
        self.path = path
        self.message = message
        self.place = place
    }

    package var description: String {
        let line = place.map { " (line \($0.line))" } ?? ""
        return path.isEmpty ? message + line : "\(path): \(message)\(line)"
    }
}

/// A configuration that was refused, with everything that is wrong with it. Nothing was changed.
package struct ConfigurationFault: Error, Sendable, CustomStringConvertible {
    package let problems: [Finding]
    /// How many more there are than a person would read.
    package let unlistedCount: Int
    /// Whether the file is Checkup's.
    package var isOfCheckup = false

    package init(_ problems: [Finding], unlistedCount: Int = 0) {
        self.problems = problems
        self.unlistedCount = unlistedCount
    }

    /// A line each.
    package var lines: [String] {
        let lines = problems.map(\.description)
        return unlistedCount == 0 ? lines : lines + ["and \(unlistedCount) more problems"]
    }

    package var description: String { lines.joined(separator: "\n") }
}

/// What reading one configuration has found so far, in the order of the file.
final class Findings {
    /// Of problems, and of warnings. What is beyond is counted.
    static let listedMax = 100

    private(set) var problems: [Finding] = []
    private(set) var warnings: [Finding] = []
    private(set) var problemsUnlisted = 0
    private(set) var warningsUnlisted = 0

    var hasProblems: Bool { !problems.isEmpty }

    /// `finding` costs a walk through the file for its place, so it is made only to be listed.
    func add(problem finding: @autoclosure () -> Finding) {
        guard problems.count < Self.listedMax else {
            problemsUnlisted += 1
            return
        }
        problems.append(finding())
    }

    func add(warning finding: @autoclosure () -> Finding) {
        guard warnings.count < Self.listedMax else {
            warningsUnlisted += 1
            return
        }
        warnings.append(finding())
    }
}

/// Why a value is refused: what is wrong and the remedy, without the path, which the reader knows.
struct Complaint: Error {
    let message: String
    init(_ message: String) { self.message = message }
}
