package import MeshChecks
package import MeshCore

/// What a check stands on: while one of these is down, that it is down as well is no news, and
/// nobody is told.
package struct Dependency: Sendable, Hashable {
    package struct Base: Sendable, Hashable {
        package var check: CheckID
        package var name: CheckName

        package init(_ check: CheckID, _ name: CheckName) {
            self.check = check
            self.name = name
        }
    }

    /// Each once, with what these stand on in their turn.
    package var bases: [Base]
    /// How long a check may take, once all of them are up again, to be seen up itself.
    package var grace: TimeSpan

    package init(_ bases: [Base], grace: TimeSpan) {
        self.bases = bases
        self.grace = grace
    }
}

/// Which checks stand on which, and which of those are down.
struct DependencyBook: Sendable {
    private var ofCheck: [CheckID: Dependency] = [:]
    /// The other way round.
    private(set) var dependants: [CheckID: [CheckID]] = [:]
    private var down: Set<CheckID> = []
    /// When those came up again that were down before, in this life. Bound: one for each base.
    private var cameUp: [CheckID: Instant] = [:]

    init() {}

    mutating func set(_ dependencies: [CheckID: Dependency]) {
        ofCheck = dependencies
        dependants = [:]
        for (check, dependency) in dependencies.sorted(by: { $0.key < $1.key }) {
            for base in dependency.bases { dependants[base.check, default: []].append(check) }
        }
        down = down.filter { dependants[$0] != nil }
        cameUp = cameUp.filter { dependants[$0.key] != nil }
    }

    /// Whether that was news.
    mutating func set(_ check: CheckID, isDown: Bool, now: Instant) -> Bool {
        guard dependants[check] != nil else { return false }
        if isDown { return down.insert(check).inserted }
        guard down.remove(check) != nil else { return false }
        cameUp[check] = now
        return true
    }

    struct Hold: Sendable, Hashable {
        var reason: Reason
        /// `nil`: until what it stands on is up.
        var until: Instant?
    }

    /// What keeps a check that is not up from being told of.
    func hold(_ check: CheckID, now: Instant) -> Hold? {
        guard let dependency = ofCheck[check] else { return nil }
        if let base = dependency.bases.first(where: { down.contains($0.check) }) {
            return Hold(reason: Reason("depends on \(base.name.text), which is down"))
        }
        var hold: Hold?
        for base in dependency.bases {
            guard let until = cameUp[base.check].map({ $0 + dependency.grace }), until > now,
                until > hold?.until ?? now
            else { continue }
            hold = Hold(
                reason: Reason("depends on \(base.name.text), which was down until now"),
                until: until)
        }
        return hold
    }
}
