package import MeshChecks
import MeshCore
package import MeshPatterns
import MeshPlatform

/// Which of a checker's attempts.
struct AttemptID: Hashable, Sendable {
    let number: UInt64
}

/// Tries one kind of check. `done` is called once, within the attempt's timeout, and never before
/// `begin` returns.
protocol Checker: AnyObject {
    associatedtype Check
    func begin(_ check: Check, _ done: @escaping (Attempt) -> Void) -> AttemptID
    /// `done` is not called any more.
    func cancel(_ attempt: AttemptID)
}

extension Attempt {
    /// What a failure says: of the target, or only of this node.
    init(failed words: String, blame: Blame, after span: TimeSpan) {
        self =
            switch blame {
            case .target: .failed(Reason(words), after: span)
            case .ownResources: .impossible(.noResources)
            case .ownResolver: .impossible(.noResolver)
            }
    }
}

extension ExpressionShelf: PatternSearch {
    package func find(_ expression: String, in bytes: [UInt8]) -> TextFinding {
        switch search(bytes, for: expression) {
        case .found: .found
        case .absent: .absent
        case .givenUp: .givenUp
        }
    }
}
