import MeshCore
import MeshCrypto
import MeshPlatform
import MeshResolver

/// The calls of all checkers that are under way on one loop, and their deadlines.
final class CallDesk {
    let loop: EventLoop
    let contexts: CertificateContexts
    private let resolver: Resolver
    private var calls: [UInt64: Call] = [:]
    private var lastNumber: UInt64 = 0
    private var deadlines: Agenda?

    init(on loop: EventLoop, resolver: Resolver) {
        self.loop = loop
        self.resolver = resolver
        contexts = CertificateContexts(on: loop)
        deadlines = Agenda(on: loop) { [unowned self] in calls[$0]?.timePassed() }
    }

    /// Calls `done` once, within the plan's timeout, and never before this returns.
    func begin(_ plan: CallPlan, _ done: @escaping (CallReport) -> Void) -> AttemptID {
        lastNumber += 1
        let call = Call(plan, number: lastNumber, at: self, done)
        calls[lastNumber] = call
        deadlines?.set(lastNumber, at: call.deadline)
        let id = AttemptID(number: lastNumber)
        call.begin(resolver)
        return id
    }

    /// Nothing is called any more.
    func cancel(_ id: AttemptID) {
        calls[id.number]?.abandon()
        isOver(id.number)
    }

    func isOver(_ number: UInt64) {
        calls[number] = nil
        deadlines?.remove(number)
    }
}
