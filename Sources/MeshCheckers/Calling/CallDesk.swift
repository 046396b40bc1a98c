import MeshCore
import MeshCrypto
import MeshPlatform
import MeshResolver

/// The calls of all checkers that are under way on one loop, and one alarm for their deadlines.
///
/// Nearly every call ends long before its deadline. Each leaves its place in a queue then, which is
/// passed over when the time has come: nothing is searched, and the loop is not woken for it.
final class CallDesk {
    let loop: EventLoop
    let contexts: CertificateContexts
    private let resolver: Resolver
    private var calls: [UInt64: Call] = [:]
    private var lastNumber: UInt64 = 0
    private var deadlines = DeadlineQueue<UInt64>()
    private var alarm: LoopAlarm?

    init(on loop: EventLoop, resolver: Resolver) {
        self.loop = loop
        self.resolver = resolver
        contexts = CertificateContexts(on: loop)
        alarm = LoopAlarm(on: loop) { [unowned self] in self.timePassed() }
    }

    /// Calls `done` once, within the plan's timeout, and never before this returns.
    func begin(_ plan: CallPlan, _ done: @escaping (CallReport) -> Void) -> AttemptID {
        lastNumber += 1
        let call = Call(plan, number: lastNumber, at: self, done)
        calls[lastNumber] = call
        let isFirst = deadlines.nextDeadline.map { call.deadline < $0 } ?? true
        deadlines.schedule(lastNumber, at: call.deadline)
        if isFirst { alarm?.set(at: call.deadline) }
        let id = AttemptID(number: lastNumber)
        call.begin(resolver)
        return id
    }

    /// Nothing is called any more.
    func cancel(_ id: AttemptID) { calls.removeValue(forKey: id.number)?.abandon() }

    func isOver(_ number: UInt64) { calls[number] = nil }

    private func timePassed() {
        while let next = deadlines.nextDeadline, let (number, _) = deadlines.popDue(at: next) {
            guard let call = calls[number] else { continue }
            guard next <= loop.now else {
                deadlines.schedule(number, at: next)
                alarm?.set(at: next)
                return
            }
            call.timePassed()
        }
    }
}
