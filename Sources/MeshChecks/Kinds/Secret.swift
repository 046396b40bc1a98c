/// A text that must never be shown: a password, a token, a body that may hold one. It prints, dumps
/// and interpolates as `***`, so that showing it takes the word `revealed`.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// What stands for it in canonical texts, too.
    package static let mask = "***"

    package let revealed: String

    package init(_ text: String) { revealed = text }

    package var description: String { Self.mask }
    package var debugDescription: String { Self.mask }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
