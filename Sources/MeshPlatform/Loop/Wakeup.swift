import CLinux
import Glibc

/// How one thread wakes another: an eventfd, which a loop can watch and a thread can sleep on.
package final class Wakeup: Sendable {
    private let event: FileDescriptor

    package init() throws(SystemError) {
        event = FileDescriptor(
            owning: try systemCall("eventfd") { eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)) })
    }

    /// Ready to be read from `signal` until `clear`.
    package var descriptor: CInt { event.number }

    /// From any thread.
    package func signal() {
        // Fails only where the count is full, and then it is signalled already.
        _ = eventfd_write(event.number, 1)
    }

    /// Before what was signalled is looked at, or a signal that comes meanwhile is lost.
    package func clear() {
        var count: eventfd_t = 0
        // Reads into our own number; that nothing is there is no error.
        _ = unsafe eventfd_read(event.number, &count)
    }

    /// Blocks the thread that calls until it is signalled, or for `milliseconds`; -1 is for ever. A
    /// signal of the system's may end it earlier.
    package func sleep(atMost milliseconds: CInt) {
        var waited = pollfd(fd: event.number, events: Int16(POLLIN), revents: 0)
        // Reads and writes the one structure.
        _ = unsafe poll(&waited, 1, milliseconds)
    }
}
