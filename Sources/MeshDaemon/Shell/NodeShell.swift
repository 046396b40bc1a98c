import MeshCore
import MeshCrypto
import MeshEngine
import MeshMembership
import MeshPlatform

/// Runs one node: what happens goes in, what it wants is done. One loop and one exhaustive switch;
/// every decision is the core's.
///
/// All of it is on the loop's thread. The desks do what takes more than a line, each with one kind
/// of effect, and answer by `tell`.
final class NodeShell {
    /// For whoever shows something. Only `tell` changes it.
    private(set) var node: Node
    let loop: EventLoop
    private let key: Ed25519SigningKey
    /// Who does what the node wants done. Set before the node is started.
    var desks: Desks?
    private var alarm: (timer: EventLoop.Timer, due: Instant)?
    /// Called before the node is told that it is time, about once a second or more often.
    var beforeAlarm: () -> Void = {}
    private var isDraining = false
    /// The node has stopped by itself or was stopped: nothing reaches it any more.
    private(set) var isStopped = false

    struct Desks {
        var datagrams: UDPSocket
        var streams: StreamDesk
        var seeds: SeedDesk
        var looks: LookDesk
        var telling: TellingDesk
        var storing: StoringDesk
        var chronicle: Chronicle
        /// The node stops by itself: it has left, or runs from a copy of another's directory.
        var stop: (StopReason) -> Void
    }

    init(_ node: Node, signingWith key: consuming Ed25519SigningKey, on loop: EventLoop) {
        self.node = node
        self.key = key
        self.loop = loop
    }

    /// Hands something to the node, then does all that it wants and sets its alarm. `nil` once the
    /// node has stopped.
    ///
    /// From within an effect it only hands in: the effects that follow are done in their turn.
    @discardableResult
    func tell<Answer>(_ body: (inout Node, Instant) -> Answer) -> Answer? {
        guard !isStopped else { return nil }
        let answer = body(&node, SystemClock.now)
        drain()
        return answer
    }

    /// Ends it without a word to anybody, as a crash would.
    func stop() {
        isStopped = true
        if let alarm { loop.cancel(alarm.timer) }
        alarm = nil
    }

    private func drain() {
        guard !isDraining, let desks else { return }
        isDraining = true
        while !isStopped, let effect = node.popEffect() { perform(effect, desks) }
        isDraining = false
        rearm()
    }

    private func perform(_ effect: NodeEffect, _ desks: Desks) {
        switch effect {
        case .send(let datagram, let address): desks.datagrams.send(datagram, to: address)
        case .openStream(let stream, let address): desks.streams.open(stream, to: address)
        case .write(let bytes, let stream): desks.streams.write(bytes, on: stream)
        case .close(let stream): desks.streams.close(stream)
        case .sign(let message, let token):
            let signature = key.sign(message)
            tell { node, now in node.handle(signature: signature, for: token, now: now) }
        case .resolve(let seed): desks.seeds.resolve(seed)
        case .storeGeneration(let generation): desks.storing.store(generation: generation)
        case .store(let item, let token): desks.storing.store(item, token)
        case .look(let order): desks.looks.look(order)
        case .deliver(let order): desks.telling.deliver(order)
        case .report(let event):
            desks.storing.noteMembersChanged()
            desks.chronicle.note(event)
        case .reportCheck(let event): desks.chronicle.note(event)
        case .reportNotice(let event): desks.chronicle.note(event)
        case .stop(let reason):
            stop()
            desks.stop(reason)
        }
    }

    /// Sees to it that the loop calls the node when it wants to be. A deadline that has moved away
    /// keeps its alarm, which then finds nothing due: cheaper than a new timer for every datagram.
    private func rearm() {
        guard !isStopped, let due = node.nextDeadline else { return }
        if let alarm {
            if alarm.due <= due { return }
            loop.cancel(alarm.timer)
        }
        let timer = loop.schedule(at: due) { [unowned self] in self.alarmRings() }
        alarm = (timer, due)
    }

    private func alarmRings() {
        alarm = nil
        guard !isStopped else { return }
        beforeAlarm()
        guard let due = node.nextDeadline, due <= SystemClock.now else { return rearm() }
        tell { node, now in node.handleDeadline(now: now) }
    }
}
