import Glibc

/// A call to the operating system that failed, with what was tried: `bind 0.0.0.0:7946: Address
/// already in use`.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `errno` as the call left it.
    package let code: CInt
    /// The call and its object, in words for people.
    package let attempt: String

    package init(_ code: CInt, _ attempt: String) {
        self.code = code
        self.attempt = attempt
    }

    /// What `errno` says now; to be made before anything else can change it.
    package static func last(_ attempt: String) -> SystemError {
        let code = errno
        return SystemError(code, attempt)
    }

    package var description: String { "\(attempt): \(Self.text(of: code))" }

    /// What `code` means, as part of a sentence: `connection refused`.
    package static func words(of code: CInt) -> String {
        let text = text(of: code)
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// Why a file cannot be opened to be read: its `errno`, and `nil` where it can.
    package static func reading(_ path: String) -> CInt? {
        // Reads the path, which is lent for this call.
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { return errno }
        close(number)
        return nil
    }

    private static func text(of code: CInt) -> String {
        // `strerror` answers text that lives until the thread's next call; it is copied at once.
        unsafe String(cString: strerror(code))
    }
}

/// Calls `body` again for as long as a signal interrupts it. Throws what `errno` says at -1.
///
/// A descriptor that is not open (EBADF) or a pointer into nowhere (EFAULT) is our own mistake, and
/// going on would harm somebody else's descriptor: it stops the process.
@discardableResult
package func systemCall<Number: FixedWidthInteger & SignedInteger>(
    _ attempt: @autoclosure () -> String, _ body: () -> Number
) throws(SystemError) -> Number {
    while true {
        let answer = body()
        if answer != -1 { return answer }
        let code = errno
        if code == EINTR { continue }
        let error = SystemError(code, attempt())
        precondition(code != EBADF && code != EFAULT, "expected our own descriptor: \(error)")
        throw error
    }
}
