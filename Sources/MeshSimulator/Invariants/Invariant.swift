package import MeshCore
package import MeshMembership

/// A promise of the protocol, held against every run. Each has a planted fault (`Sabotage`) that
/// it catches, run in the tests.
///
/// Three looks are offered; an invariant takes the cheapest that shows a breach: each happening of
/// the kinds it asks for, once per virtual second the world as a whole, and now and then the
/// member list of one process.
package protocol Invariant: Sendable {
    /// What violations are filed under.
    static var name: String { get }
    /// The promise in a sentence, and where it is made.
    static var promise: String { get }

    var interests: Happening.Kinds { get }
    mutating func observe(_ happening: Happening, in world: World, log: inout ViolationLog)
    mutating func inspect(_ world: World, log: inout ViolationLog)
    mutating func examine(
        _ members: [MemberView], of process: Int, in world: World, log: inout ViolationLog)
}

extension Invariant {
    package var interests: Happening.Kinds { [] }
    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {}
    package mutating func inspect(_ world: World, log: inout ViolationLog) {}
    package mutating func examine(
        _ members: [MemberView], of process: Int, in world: World, log: inout ViolationLog
    ) {}
}

/// What was found wrong: all of it counted, the first few in words.
package struct ViolationLog: Sendable {
    package struct Violation: Sendable, Hashable {
        package var invariant: String
        package var at: Instant
        package var story: String

        package var text: String { "\(at.seconds) \(invariant): \(story)" }
    }

    /// Further ones are counted only: after the first few they say the same.
    package static let keptMax = 20

    package private(set) var count = 0
    package private(set) var first: [Violation] = []
    /// The names of all invariants that were violated, in the order of their first violation.
    package private(set) var invariants: [String] = []

    package init() {}

    mutating func add(_ invariant: (some Invariant).Type, at now: Instant, _ story: String) {
        count += 1
        if !invariants.contains(invariant.name) {
            invariants.append(invariant.name)
        } else if first.count >= Self.keptMax {
            return
        }
        first.append(Violation(invariant: invariant.name, at: now, story: story))
    }
}

/// All of them. A new one is a file and a line here.
package enum Invariants {
    package static func all(_ bounds: Bounds) -> [any Invariant] {
        [
            Completeness(bounds: bounds), NoFalseDeath(bounds: bounds), Agreement(bounds: bounds),
            StandingOrder(), TruthfulReports(), GenuineStatements(), NonceUniqueness(),
            NothingTwice(), DatagramSize(), GossipBound(bounds: bounds), UniqueNames(),
            CloneStops(bounds: bounds), Farewell(bounds: bounds), ModestReplies(),
            Retention(bounds: bounds), Progress(), StoredGeneration(),
            Restful(bounds: bounds),
            CertifiedFlips(), EpochsUnique(), TruthAgreement(bounds: bounds),
            Watched(bounds: bounds), MinoritySilent(), NoticesUnique(), AtMostOnce(),
            NothingMissed(bounds: bounds), NoFalseAlert(), NoRecoveryWithoutOutage(),
            MeshTold(bounds: bounds),
        ]
    }
}
