import Glibc
import MeshChecks
import MeshCore
import MeshPatterns
import MeshPlatform

/// Runs programs and judges how they end. Its timeout is over at its time, whatever the program
/// does: then the program's whole group is asked to end, and killed if it does not.
///
/// Bound: `runningMax` programs at once, those included that are being ended. Further ones wait in
/// their order; what has not begun when half of its timeout is over says nothing of its target.
final class ExecChecker: Checker {
    static let runningMax = 64
    static let waitingMax = 1_024

    /// An object, since the program's end and its deadline both lead to it.
    private final class Run {
        let check: ExecCheck
        let began: Instant
        /// `nil` once it was answered; the program may still be on its way out.
        var done: ((Attempt) -> Void)?
        var started: Instant?
        var child: ChildGroup?
        /// Of its deadline, or of the time until which it may wait.
        var timer: EventLoop.Timer?

        init(_ check: ExecCheck, at instant: Instant, _ done: @escaping (Attempt) -> Void) {
            self.check = check
            began = instant
            self.done = done
        }

        func answer(_ attempt: Attempt) {
            let done = done
            self.done = nil
            done?(attempt)
        }
    }

    private let loop: EventLoop
    private let patterns: ExpressionShelf
    private var runs: [AttemptID: Run] = [:]
    private var waiting = BoundedQueue<AttemptID>(limit: waitingMax)
    private var runningCount = 0
    private var lastNumber: UInt64 = 0
    /// The node's own environment, which nobody changes.
    private let environment = ProcessEnvironment.all

    init(on loop: EventLoop, patterns: ExpressionShelf) {
        self.loop = loop
        self.patterns = patterns
    }

    deinit { for run in runs.values { run.child?.cancel() } }

    func begin(_ check: ExecCheck, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        lastNumber += 1
        let attempt = AttemptID(number: lastNumber)
        let run = Run(check, at: loop.now, done)
        runs[attempt] = run
        if runningCount < Self.runningMax {
            start(run, attempt)
        } else if waiting.append(attempt) {
            run.timer = loop.schedule(at: run.began + check.attempts.timeout / 2) { [weak self] in
                self?.runs[attempt] = nil
                run.answer(.impossible(.noResources))
            }
        } else {
            refuse(run, attempt, .noResources)
        }
        return attempt
    }

    func cancel(_ attempt: AttemptID) {
        guard let run = runs[attempt] else { return }
        run.done = nil
        if let timer = run.timer { loop.cancel(timer) }
        guard let child = run.child else {
            runs[attempt] = nil
            return
        }
        child.terminate()
    }

    // MARK: Running

    private func startWaiting() {
        while runningCount < Self.runningMax, let attempt = waiting.popFirst() {
            // Gone, or given up.
            guard let run = runs[attempt] else { continue }
            start(run, attempt)
        }
    }

    private func start(_ run: Run, _ attempt: AttemptID) {
        let check = run.check
        run.started = loop.now
        if let timer = run.timer { loop.cancel(timer) }
        do throws(ChildGroup.StartFault) {
            run.child = try ChildGroup(
                ChildGroup.Program(
                    check.command, check.arguments,
                    environment: check.environment(from: environment),
                    directory: check.directory), on: loop
            ) { [weak self] result in self?.ended(attempt, result) }
        } catch {
            var remark = Measurements()
            remark.remark = Reason(error.description)
            refuse(run, attempt, error.isOfProgram ? .noProgram : .noResources, remark)
            return
        }
        runningCount += 1
        run.timer = loop.schedule(at: run.began + check.attempts.timeout) { [weak self] in
            self?.timeOut(run)
        }
    }

    private func refuse(
        _ run: Run, _ attempt: AttemptID, _ abstention: Abstention,
        _ measurements: Measurements = Measurements()
    ) {
        runs[attempt] = nil
        loop.schedule(at: loop.now) {
            run.answer(.impossible(abstention).measuring(measurements))
        }
    }

    private func timeOut(_ run: Run) {
        guard run.done != nil, let child = run.child, let started = run.started else { return }
        child.terminate()
        let span = loop.now - run.began
        // One that had to wait was given less time than it was promised.
        guard started - run.began < run.check.attempts.timeout / 10 else {
            return run.answer(.impossible(.noResources))
        }
        let outcome = run.check.judge(.timedOut, output: [], isCut: false, patterns)
        run.answer(Attempt(outcome: outcome, span: span))
    }

    private func ended(_ attempt: AttemptID, _ result: ChildGroup.Result) {
        guard let run = runs.removeValue(forKey: attempt) else { return }
        runningCount -= 1
        if let timer = run.timer { loop.cancel(timer) }
        run.answer(judge(result, of: run))
        startWaiting()
    }

    private func judge(_ result: ChildGroup.Result, of run: Run) -> Attempt {
        let ending: ExecCheck.Ending =
            switch result.ending {
            case _ where result.wroteTooMuch: .wroteTooMuch(ChildGroup.outputMax)
            case .exited(let status): .exited(status)
            case .killed(let signal): .killed(SignalName.of(signal))
            }
        let outcome = run.check.judge(
            ending, output: result.output, isCut: result.isOutputCut, patterns)
        var measurements = Measurements()
        if case .impossible = outcome { measurements.remark = run.check.remark(result.output) }
        let span = loop.now - (run.started ?? run.began)
        return Attempt(outcome: outcome, span: span).measuring(measurements)
    }
}
