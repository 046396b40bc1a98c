package import MeshCore

/// Asks the known members whether they are there, now, to learn whether this node has the majority
/// (design 5). Whoever extends the truth must know it by answers younger than what it saw.
///
///     ask -> call -> answers -> outcome: at once when it is decided, or after 1 s, without
///
/// Up to 128 known, this node counted, all are asked, and more than half must be there; of exactly
/// half, the half with the lowest NodeID. Above, 127 random ones are asked, and 5/8 of the 128 must
/// be there. Those that are silent are asked again every 100 ms. Many who ask share a call: one that
/// began no earlier than what they have seen, and ended at most a second ago, serves.
///
/// Bound: one call runs, one waits. Whoever asks keeps its own list of what the outcome is for.
package struct RollCall: Sendable {
    /// This node counted.
    package static let askedMax = 128
    /// 5/8 of them.
    package static let sampleNeeded = 80
    private static let repetition = TimeSpan.milliseconds(100)
    private static let patience = TimeSpan.seconds(1)
    private static let servesFor = TimeSpan.seconds(1)
    /// Effects that wait; a node that takes them after each call never sees a tenth of it.
    private static let effectsMax = 4_096

    package enum Effect: Sendable, Hashable {
        /// Send the call to this member.
        case call(NodeID, number: UInt32)
        /// Serves everybody whose `since` is not after `callBegan`.
        case outcome(hasMajority: Bool, callBegan: Instant)
    }

    private struct Outcome: Sendable {
        var hasMajority: Bool
        var callBegan: Instant
        var endedAt: Instant
    }

    private let id: NodeID
    private var call: Call?
    private var last: Outcome?
    /// Somebody has seen something since the running call began.
    private var wantsNext = false
    private var effects = BoundedQueue<Effect>(limit: effectsMax)

    package init(of id: NodeID) { self.id = id }

    package mutating func popEffect() -> Effect? { effects.popFirst() }

    /// Whether this node has the majority by answers to a call that began at `since` or later, and
    /// that ended at most a second ago.
    package func isFresh(since: Instant, now: Instant) -> Bool {
        heldOutcome(since: since, now: now)?.hasMajority ?? false
    }

    private func heldOutcome(since: Instant, now: Instant) -> Outcome? {
        guard let last, last.callBegan >= since, now - last.endedAt <= Self.servesFor else {
            return nil
        }
        return last
    }

    /// Asks for the majority by answers younger than `since`; an outcome follows, at once if it is
    /// held or if this node is alone. `known`: those that count, this node among them if it does;
    /// `clones`: those of them that live twice and are not asked.
    package mutating func ask(
        since: Instant, now: Instant, known: [NodeID], clones: [NodeID] = [],
        using generator: inout SeededGenerator
    ) {
        precondition(since <= now, "expected what was seen to be past")
        if let call {
            if call.began < since { wantsNext = true }
        } else if let held = heldOutcome(since: since, now: now) {
            effects.append(
                .outcome(hasMajority: held.hasMajority, callBegan: held.callBegan))
        } else {
            begin(now: now, known: known, clones: clones, using: &generator)
        }
    }

    /// Whether `ask` would begin a call now, and not wait for one or answer by one.
    func mustBegin(since: Instant, now: Instant) -> Bool {
        call == nil && heldOutcome(since: since, now: now) == nil
    }

    /// A member has answered a call. Only one that was asked in the call that runs counts.
    package mutating func handle(present number: UInt32, from node: NodeID, now: Instant) {
        guard call?.note(number, from: node) ?? false, call?.hasMajority ?? false else { return }
        end(now: now)
    }

    /// When a call is repeated or ends, or the next begins.
    package var nextDeadline: Instant? { call?.nextStep ?? (wantsNext ? last?.endedAt : nil) }

    /// Expects `known` as `ask` does; it is needed when this deadline is due, not before.
    package mutating func handleDeadline(
        now: Instant, known: [NodeID], clones: [NodeID] = [],
        using generator: inout SeededGenerator
    ) {
        if let running = call, running.nextStep <= now {
            if running.began + Self.patience <= now {
                end(now: now)
            } else {
                repeatCall(now: now)
            }
        }
        if call == nil, wantsNext {
            begin(now: now, known: known, clones: clones, using: &generator)
        }
    }

    private mutating func begin(
        now: Instant, known: [NodeID], clones: [NodeID] = [],
        using generator: inout SeededGenerator
    ) {
        wantsNext = false
        let number = UInt32(truncatingIfNeeded: generator.next())
        let call = Call(
            number, of: id, known: known, clones: clones, now: now, using: &generator)
        self.call = call
        if call.hasMajority || call.silent.isEmpty { return end(now: now) }
        repeatCall(now: now)
    }

    private mutating func repeatCall(now: Instant) {
        guard let running = call else { return }
        for node in running.silent { effects.append(.call(node, number: running.number)) }
        call?.nextStep = min(now + Self.repetition, running.began + Self.patience)
    }

    private mutating func end(now: Instant) {
        guard let ended = call else { return }
        call = nil
        last = Outcome(
            hasMajority: ended.hasMajority, callBegan: ended.began, endedAt: now)
        effects.append(.outcome(hasMajority: ended.hasMajority, callBegan: ended.began))
    }
}

/// One call: who is asked, who has answered, and what that amounts to.
private struct Call: Sendable {
    let number: UInt32
    let began: Instant
    var nextStep: Instant
    /// In the order of their ids.
    private let asked: [NodeID]
    private var hasAnswered: [Bool]
    private var presentCount: Int
    private let rule: Rule
    private var isLowestPresent: Bool

    private enum Rule: Sendable {
        case moreThanHalf(of: Int, lowest: NodeID?)
        case atLeast(Int)
    }

    init(
        _ number: UInt32, of id: NodeID, known: [NodeID], clones: [NodeID], now: Instant,
        using generator: inout SeededGenerator
    ) {
        self.number = number
        began = now
        nextStep = now
        let lowest = known.min()
        var others = known.filter { $0 != id }
        let countsItself = others.count < known.count
        if known.count <= RollCall.askedMax {
            rule = .moreThanHalf(of: known.count, lowest: lowest)
        } else {
            rule = .atLeast(RollCall.sampleNeeded)
            generator.shuffle(&others)
            others.removeLast(others.count - (RollCall.askedMax - 1))
        }
        others.removeAll(where: clones.contains)
        asked = others.sorted()
        hasAnswered = Array(repeating: false, count: asked.count)
        presentCount = countsItself ? 1 : 0
        isLowestPresent = countsItself && lowest == id
    }

    var hasMajority: Bool {
        switch rule {
        case .atLeast(let needed): presentCount >= needed
        case .moreThanHalf(let count, _):
            presentCount * 2 == count ? isLowestPresent : presentCount * 2 > count
        }
    }

    var silent: [NodeID] { asked.indices.filter { !hasAnswered[$0] }.map { asked[$0] } }

    /// False if the answer is to another call, from one that was not asked, or not the first.
    mutating func note(_ number: UInt32, from node: NodeID) -> Bool {
        guard number == self.number, let place = place(of: node), !hasAnswered[place] else {
            return false
        }
        hasAnswered[place] = true
        presentCount += 1
        if case .moreThanHalf(_, node?) = rule { isLowestPresent = true }
        return true
    }

    private func place(of node: NodeID) -> Int? {
        var range = 0..<asked.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            if asked[middle] == node { return middle }
            range =
                asked[middle] < node
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }
}
