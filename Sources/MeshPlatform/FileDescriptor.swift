import Glibc

/// Owns one descriptor of the operating system and closes it at its end. A dictionary can't hold a
/// value that isn't copied: there, a final class owns it.
package struct FileDescriptor: ~Copyable, Sendable {
    /// To be used while this value lives; never to be closed by anybody else.
    package let number: CInt

    /// Takes over `number`, which must be open and nobody else's.
    package init(owning number: CInt) {
        precondition(number >= 0, "expected an open descriptor")
        self.number = number
    }

    deinit {
        // Linux has closed it even where it answers EINTR: trying again could close another's.
        _ = close(number)
    }
}
