import CLinux
import Glibc

/// What the operator, or the service manager, tells a process by a signal.
package enum ProcessSignal: Sendable, Hashable, CaseIterable {
    /// SIGTERM: leave and end.
    case terminate
    /// SIGINT, Ctrl-C: the same.
    case interrupt
    /// SIGHUP: read the configuration again.
    case hangUp

    var number: CInt {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        }
    }
}

/// Signals as events of a loop (signalfd), so that none interrupts anything.
///
/// It lives on its loop until `close`. Signals of one kind that come faster than they are read are
/// one, as the kernel has it.
package final class SignalSource {
    private let loop: EventLoop
    private var descriptor: FileDescriptor?
    private var watch: EventLoop.Watch?
    private var handler: ((ProcessSignal) -> Void)?

    /// Takes `ProcessSignal`s away from the process's threads: the first thing that a process does,
    /// since a thread keeps the mask that it was born with. Also lets no broken connection end the
    /// process (SIGPIPE). A child process inherits the mask, and whoever starts one clears it.
    package static func takeOver() {
        let numbers = ProcessSignal.allCases.map(\.number)
        // Reads as many numbers as the array has. It fails for no set of signals.
        _ = unsafe clinux_block_signals(numbers, CInt(numbers.count))
        clinux_ignore_broken_pipes()
    }

    /// Expects `takeOver` to have been called, on this thread at least.
    package init(
        on loop: EventLoop, _ handler: @escaping (ProcessSignal) -> Void
    ) throws(SystemError) {
        let numbers = ProcessSignal.allCases.map(\.number)
        let descriptor = FileDescriptor(
            owning: try systemCall("signalfd") {
                // Reads as many numbers as the array has.
                unsafe clinux_signal_descriptor(numbers, CInt(numbers.count))
            })
        let number = descriptor.number
        self.loop = loop
        self.handler = handler
        self.descriptor = consume descriptor
        watch = try loop.watch(number, for: .read) { _ in self.read() }
    }

    package func close() {
        if let watch { loop.cancel(watch) }
        watch = nil
        handler = nil
        descriptor = nil
    }

    private func read() {
        while let descriptor = descriptor?.number, let handler {
            let number = clinux_next_signal(descriptor)
            guard number > 0 else { return }
            guard let signal = ProcessSignal.allCases.first(where: { $0.number == number }) else {
                continue
            }
            handler(signal)
        }
    }
}

/// The C library's heap, which every part of the process shares.
///
/// It is set for one that must stay small, and mostly waits. By itself the library gives each thread
/// an arena, keeps what was freed for the next who asks, and learns from the first large block that
/// is freed to keep the next ones, too: a node that had started 10,000 checks held 20 MiB that its
/// history's thread had needed once.
package enum Heap {
    /// One arena for all threads, and large blocks from the system and back. Expects to be called
    /// before a thread is started. A thread that finds the arena taken waits for some 100 ns.
    package static func keepSmall() { clinux_keep_heap_small() }

    /// Gives back what is free, wherever it lies: some milliseconds for 100 MiB.
    package static func trim() { clinux_trim_heap() }
}

/// What the operating system lets the process have open at once.
package enum DescriptorLimit {
    /// Raises the limit to what is allowed without asking for more, and answers how many
    /// descriptors that are. The usual start is 1,024, from days when `select` could count no
    /// further.
    package static func raise() throws(SystemError) -> Int {
        Int(clamping: try systemCall("setrlimit RLIMIT_NOFILE") { clinux_raise_descriptor_limit() })
    }
}
