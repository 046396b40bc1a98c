import CLinux
import Glibc
package import MeshCore
import Synchronization

/// A program that is run in a process group of its own, on a loop: no thread waits for it, no signal
/// handler, and it leaves no zombie.
///
/// The group ends with its leader: what the program has started and left behind is killed before the
/// leader's number is given back, so that nothing piles up from one run to the next and no stranger
/// is hit. A process that has left the group (setsid, as a daemon does) goes on, and is not waited
/// for, even if it holds the pipe: that is closed.
///
/// Bounds: `outputKeptMax` bytes of output are kept, from the beginning; what follows is read and
/// dropped, up to `outputMax`, and who writes more is killed: it would write for ever.
package final class ChildGroup {
    package static let outputKeptMax = 64 * 1_024
    package static let outputMax = 4 * 1_024 * 1_024
    /// From the request to end (SIGTERM) to the end (SIGKILL).
    package static let grace = TimeSpan.seconds(2)
    private static let readMax = 64 * 1_024

    /// What to run. Nothing here is looked at by a shell.
    package struct Program {
        /// A path, or, without a slash, a name that is looked for where `PATH` of `environment` says.
        package var command: String
        package var arguments: [String]
        /// `NAME=value`: all that the program gets.
        package var environment: [String]
        /// `nil`: this process's working directory. A `command` is found before it is gone to.
        package var directory: String?

        package init(
            _ command: String, _ arguments: [String] = [], environment: [String] = [],
            directory: String? = nil
        ) {
            self.command = command
            self.arguments = arguments
            self.environment = environment
            self.directory = directory
        }
    }

    package struct Result: Sendable, Hashable {
        package enum Ending: Sendable, Hashable {
            case exited(Int)
            /// By this signal.
            case killed(CInt)
        }

        package var ending: Ending
        /// Standard output and standard error as they came.
        package var output: [UInt8]
        /// It wrote more than is kept.
        package var isOutputCut: Bool
        /// It was killed for writing more than `outputMax`.
        package var wroteTooMuch: Bool
    }

    /// Why a program was not started. Nothing runs.
    package struct StartFault: Error, Sendable, Hashable, CustomStringConvertible {
        /// Whether this machine lacks the program or its working directory, or may not use them;
        /// otherwise it lacks descriptors, processes or memory.
        package let isOfProgram: Bool
        package let description: String
    }

    /// It holds this until the program has ended; where it goes first, the program goes with it.
    private unowned let loop: EventLoop
    private let number: pid_t
    private var process: FileDescriptor?
    private var pipe: FileDescriptor?
    private var processWatch: EventLoop.Watch?
    private var pipeWatch: EventLoop.Watch?
    private var handler: ((Result) -> Void)?
    private var output: [UInt8] = []
    private var outputCount = 0
    private var isReaped = false

    /// Starts `program`. `handler` is called once, when it has ended, and never before this returns.
    /// It lives on the loop until then. The thread is the loop's own, and outlives the program.
    package init(
        _ program: Program, on loop: EventLoop, _ handler: @escaping (Result) -> Void
    ) throws(StartFault) {
        self.loop = loop
        self.handler = handler
        var ends: [CInt] = [-1, -1]
        // Fills the two numbers that the array has room for.
        guard unsafe clinux_open_pipe(&ends) == 0 else {
            throw Self.fault(errno, "pipe", isOfProgram: false)
        }
        pipe = FileDescriptor(owning: ends[0])
        let writing = FileDescriptor(owning: ends[1])
        let (started, descriptor) = try Self.start(program, output: writing.number)
        number = started
        process = FileDescriptor(owning: descriptor)
        Self.own.withLock { $0.formUnion([started]) }
        do throws(SystemError) {
            processWatch = try loop.watch(descriptor, for: .read) { _ in self.ended() }
            pipeWatch = try loop.watch(ends[0], for: .read) { _ in self.read() }
        } catch {
            if let processWatch { loop.cancel(processWatch) }
            closePipe()
            // The end of this value ends the program.
            throw StartFault(isOfProgram: false, description: "\(error)")
        }
    }

    deinit {
        // Its loop has ended before it. What was killed is gone in a moment, unless a disk holds it.
        killGroup()
        if let descriptor = process?.number {
            var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // Reads and writes the one structure.
            _ = unsafe poll(&waited, 1, 1_000)
        }
        if !isReaped { _ = reap() }
    }

    /// Asks every process of the group to end, and ends it after `grace`.
    package func terminate() {
        guard !isReaped else { return }
        kill(-number, SIGTERM)
        // One that is stopped would not hear it.
        kill(-number, SIGCONT)
        loop.schedule(at: loop.now + Self.grace) { self.killGroup() }
    }

    /// Ends every process of the group now. The handler is not called any more.
    package func cancel() {
        handler = nil
        killGroup()
    }

    private func killGroup() {
        // Until it is reaped, its number is nobody else's, neither a process's nor a group's.
        if !isReaped { kill(-number, SIGKILL) }
    }

    // MARK: Output and end

    private func read() {
        guard readOnce() != .more else { return }
        closePipe()
    }

    private enum Reading {
        case more, nothing, over
    }

    @discardableResult
    private func readOnce() -> Reading {
        guard let descriptor = pipe?.number else { return .over }
        var chunk = [UInt8](repeating: 0, count: Self.readMax)
        // Writes at most the chunk's own length.
        let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
        guard count > 0 else {
            return count < 0 && (errno == EAGAIN || errno == EINTR) ? .more : .over
        }
        outputCount += count
        output += chunk[..<min(count, Self.outputKeptMax - output.count)]
        guard outputCount > Self.outputMax else { return .more }
        killGroup()
        return .over
    }

    private func closePipe() {
        if let pipeWatch { loop.cancel(pipeWatch) }
        pipeWatch = nil
        pipe = nil
    }

    /// The leader has ended, and is not reaped: its number still stands for the group.
    private func ended() {
        killGroup()
        // What it had written before is in the pipe; what somebody else writes now is not its.
        let before = outputCount
        var last = -1
        while last != outputCount, outputCount - before < Self.outputKeptMax {
            last = outputCount
            readOnce()
        }
        let ending = reap()
        leaveLoop()
        Self.reapOrphans()
        guard let ending, let handler else { return }
        self.handler = nil
        handler(
            Result(
                ending: ending, output: output, isOutputCut: outputCount > output.count,
                wroteTooMuch: outputCount > Self.outputMax))
    }

    private func leaveLoop() {
        closePipe()
        if let processWatch { loop.cancel(processWatch) }
        processWatch = nil
        process = nil
    }

    private func reap() -> Result.Ending? {
        var hasExited: CInt = 0
        var status: CInt = 0
        // Both are ours, and written to before it returns.
        guard unsafe clinux_reap_child(number, &hasExited, &status) == 1 else { return nil }
        isReaped = true
        Self.own.withLock { $0.subtract([number]) }
        return hasExited == 1 ? .exited(Int(status)) : .killed(status)
    }

    // MARK: Orphans

    /// Those that this process has started and not reaped.
    private static let own = Mutex<Set<pid_t>>([])
    private static let orphansPerTurnMax = 64

    /// In a container this process may be the first, which every orphan is given to: a daemon that a
    /// program has left behind would be a zombie for ever.
    private static func reapOrphans() {
        guard getpid() == 1 else { return }
        for _ in 0..<orphansPerTurnMax {
            let orphan = clinux_ended_child()
            // One of our own is for its owner, and hides the others until then.
            guard orphan > 0, !own.withLock({ $0.contains(orphan) }) else { return }
            var (hasExited, status): (CInt, CInt) = (0, 0)
            // Both are ours, and written to before it returns.
            _ = unsafe clinux_reap_child(orphan, &hasExited, &status)
        }
    }

    // MARK: Starting

    private static func start(
        _ program: Program, output: CInt
    ) throws(StartFault) -> (pid_t, CInt) {
        let candidates = CStrings(paths(of: program))
        let arguments = CStrings([program.command] + program.arguments)
        let environment = CStrings(program.environment)
        let directory = CStrings([program.directory].compactMap(\.self))
        var descriptor: CInt = -1
        var step = CLINUX_CHILD_FORK
        // The lists live until the call is over, which copies what the program needs of them.
        var child = unsafe clinux_child(
            candidates: candidates.base, arguments: arguments.base,
            environment: environment.base,
            directory: directory.isEmpty ? nil : directory.base.pointee, output: output)
        let number = unsafe clinux_start_child(&child, &descriptor, &step)
        let code = errno
        withExtendedLifetime((candidates, arguments, environment, directory)) {}
        guard number < 0 else { return (number, descriptor) }
        let isLack = [ENOMEM, EAGAIN, EMFILE, ENFILE].contains(code)
        switch step {
        case CLINUX_CHILD_DIRECTORY:
            let directory = "working directory \(program.directory ?? "")"
            guard code == ENOENT else { throw fault(code, directory, isOfProgram: !isLack) }
            throw StartFault(isOfProgram: true, description: "\(directory): there is none here")
        case CLINUX_CHILD_PROGRAM:
            if code == ENOENT || code == EACCES, let missing = missingInterpreter(of: program) {
                throw StartFault(isOfProgram: true, description: missing)
            }
            throw fault(code, program.command, isOfProgram: !isLack)
        default: throw fault(code, "starting \(program.command)", isOfProgram: false)
        }
    }

    private static let firstLineMax = 256

    /// What is missing where the program itself is there and may be run: what it is run by.
    private static func missingInterpreter(of program: Program) -> String? {
        // Both read the path, which is lent for the call.
        guard let path = paths(of: program).first(where: { unsafe access($0, F_OK) == 0 }),
            unsafe access(path, R_OK | X_OK) == 0
        else { return nil }
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { return nil }
        let file = FileDescriptor(owning: number)
        var bytes = [UInt8](repeating: 0, count: firstLineMax)
        // Writes at most the array's own length.
        let count = unsafe Glibc.read(file.number, &bytes, bytes.count)
        let line = bytes.prefix(max(0, count)).prefix { $0 != 0x0A }
        if line.starts(with: [0x7F] + "ELF".utf8) {
            return "\(program.command): the loader that it asks for is not here"
        }
        guard line.starts(with: "#!".utf8),
            let word = line.dropFirst(2).split(whereSeparator: { $0 <= 0x20 }).first
        else { return nil }
        let interpreter = String(decoding: word, as: UTF8.self)
        // A script that was written on Windows has a carriage return there.
        let end = line.last == 0x0D ? " (its first line ends with a carriage return)" : ""
        return "\(program.command): its interpreter \(interpreter) cannot be run here\(end)"
    }

    private static func fault(
        _ code: CInt, _ what: String, isOfProgram: Bool
    ) -> StartFault {
        let words =
            switch code {
            case ENOENT where isOfProgram: "there is no such program here"
            case ENOEXEC: "is no program: a script begins with #! and its interpreter"
            default: SystemError.words(of: code)
            }
        return StartFault(isOfProgram: isOfProgram, description: "\(what): \(words)")
    }

    /// Where the program may be. An empty entry of `PATH`, the working directory in some shells, is
    /// none.
    static func paths(of program: Program) -> [String] {
        let command = program.command
        guard !command.utf8.contains(UInt8(ascii: "/")) else {
            guard program.directory != nil, !command.hasPrefix("/") else { return [command] }
            return ["\(workingDirectory)/\(command)"]
        }
        let path = program.environment.first { $0.hasPrefix("PATH=") }?.dropFirst(5)
        return (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
            .map { "\($0)/\(command)" }
    }

    private static var workingDirectory: String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        // Writes at most the array's length, with a zero at the end.
        guard unsafe getcwd(&bytes, bytes.count) != nil else { return "." }
        return String(
            decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Texts as C takes them: each ends with a zero, the list with a nil. They live as long as this.
@safe private final class CStrings {
    let base: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    let isEmpty: Bool
    private let count: Int

    init(_ texts: [String]) {
        isEmpty = texts.isEmpty
        count = texts.count
        // Room for every text and the nil, all of it initialised here.
        unsafe base = .allocate(capacity: count + 1)
        unsafe base.initialize(repeating: nil, count: count + 1)
        for (index, text) in texts.enumerated() { unsafe base[index] = strdup(text) }
    }

    deinit {
        // Allocated above, each once.
        for index in 0..<count { unsafe free(base[index]) }
        unsafe base.deallocate()
    }
}
