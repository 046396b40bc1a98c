/// What a node holds of another. Only members have these states; checks have their own.
///
///     alive -> suspect -> dead      by accusation; a refutation or a later generation leads back
///     any   -> left                 by the member's own word
///     dead  -> forgotten            by an operator's `forget`
///
/// *Reachable* is alive or suspect. *Known* is reachable or dead.
package enum MemberState: UInt8, Sendable, Hashable, CaseIterable {
    case alive = 0
    case suspect = 1
    case dead = 2
    case left = 3
    /// A tombstone: not shown and not counted, kept so that others' memory of the dead member
    /// does not bring it back.
    case forgotten = 4

    package var isReachable: Bool {
        switch self {
        case .alive, .suspect: true
        case .dead, .left, .forgotten: false
        }
    }

    package var isKnown: Bool {
        switch self {
        case .alive, .suspect, .dead: true
        case .left, .forgotten: false
        }
    }
}

/// How recent a statement about one member is. Of two statements the greater standing wins, in
/// whatever order and however often they arrive:
///
///     alive(i) < suspect(i) < dead(i) < forgotten(i) < alive(i + 1)   within a generation
///     everything else (g) < left(g) < everything (g + 1)
///
/// A generation is one start of the process; an incarnation is one refutation within it. Both are
/// raised only by the member itself, which signs them (SWIM 4.2, with the generation above it so
/// that a restarted node is not refuted by its own past). `left` ends its generation: a node that
/// said goodbye comes back only by starting again.
package struct Standing: Hashable, Sendable, Comparable {
    package var generation: UInt32
    package var incarnation: UInt32
    package var state: MemberState

    package init(generation: UInt32, incarnation: UInt32, state: MemberState) {
        self.generation = generation
        self.incarnation = incarnation
        self.state = state
    }

    package static func < (left: Standing, right: Standing) -> Bool {
        guard left.generation == right.generation else { return left.generation < right.generation }
        switch (left.state == .left, right.state == .left) {
        case (true, false): return false
        case (false, true): return true
        case (true, true), (false, false): break
        }
        guard left.incarnation == right.incarnation else {
            return left.incarnation < right.incarnation
        }
        return left.state.rawValue < right.state.rawValue
    }
}

extension MemberState {
    /// What it is called: in JSON, on the page, in metrics and in logs.
    package var word: String {
        switch self {
        case .alive: "alive"
        case .suspect: "suspect"
        case .dead: "dead"
        case .left: "left"
        case .forgotten: "forgotten"
        }
    }
}
