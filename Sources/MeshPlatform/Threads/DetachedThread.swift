import CLinux
import Glibc

/// One thread of its own, for what blocks. It takes no signals, which are the loop's.
package enum DetachedThread {
    /// SQLite's deepest calls take some 50 KiB; a page that is never touched costs nothing.
    private static let stackByteCount = 512 * 1_024

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` until it returns; nobody waits for its end.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var attributes = pthread_attr_t()
        // Our own structure, made here and destroyed below.
        _ = unsafe pthread_attr_init(&attributes)
        defer { _ = unsafe pthread_attr_destroy(&attributes) }
        _ = unsafe pthread_attr_setstacksize(&attributes, stackByteCount)
        _ = unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var all = sigset_t()
        var former = sigset_t()
        // A thread begins with its maker's mask: closed for the making, then as it was.
        _ = unsafe sigfillset(&all)
        _ = unsafe pthread_sigmask(SIG_SETMASK, &all, &former)
        defer { _ = unsafe pthread_sigmask(SIG_SETMASK, &former, nil) }
        var thread = pthread_t()
        // The body is retained for the thread, which takes it over, and let go of if there is none.
        let retained = unsafe Unmanaged.passRetained(Body(body))
        let code = unsafe pthread_create(
            &thread, &attributes,
            { context in
                guard let context = unsafe context else { return nil }
                // What was retained above, once.
                unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            unsafe retained.release()
            throw SystemError(code, "pthread_create")
        }
    }
}
