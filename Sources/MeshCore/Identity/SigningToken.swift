/// Which request a signature answers.
package struct SigningToken: Hashable, Sendable {
    package var number: UInt64
    package init(_ number: UInt64) { self.number = number }
}
