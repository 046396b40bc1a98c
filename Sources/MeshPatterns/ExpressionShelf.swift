/// Compiled expressions, kept from one search to the next: to compile one takes as long as to
/// search a page with it.
package final class ExpressionShelf {
    /// Expressions that are kept. When there are more, all are let go: checks come round in the same
    /// order again and again, so that whichever one was kept would be the wrong one.
    package static let keptMax = 4_096

    private var kept: [String: RegularExpression] = [:]

    package init() {}

    /// Expects a text that compiles, as those that a configuration was read with do; another is
    /// given up.
    package func search(
        _ bytes: [UInt8], for expression: String
    ) -> RegularExpression.Finding {
        if let known = kept[expression] { return known.find(in: bytes) }
        guard let made = try? RegularExpression(expression) else { return .givenUp }
        if kept.count >= Self.keptMax { kept = [:] }
        kept[expression] = made
        return made.find(in: bytes)
    }
}
