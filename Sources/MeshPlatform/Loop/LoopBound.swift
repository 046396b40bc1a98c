import Glibc

/// Carries a value that belongs to a loop's thread through other threads and back: they may hold
/// it, and only its own thread may look inside.
package final class LoopBound<Value>: @unchecked Sendable {
    // @unchecked: `value` is reached through `get` alone, which stops any other thread than the one
    // that made this. What may end elsewhere is the last reference, and whoever puts something
    // here holds another one on the loop.
    private let value: Value
    private let owner = pthread_self()

    package init(_ value: Value) { self.value = value }

    /// Expects the thread that made this.
    package func get() -> Value {
        precondition(pthread_equal(owner, pthread_self()) != 0, "expected the loop's own thread")
        return value
    }
}
