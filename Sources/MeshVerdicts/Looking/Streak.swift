package import MeshChecks
package import MeshCore

/// Observations in a row that speak against the certified state, counted for each state that they
/// support (section 6 of the design).
///
/// A streak belongs to a definition and a parent flip: it begins anew with either.
package struct Streak: Sendable, Hashable {
    /// What has been seen in a row for one state.
    package struct Run: Sendable, Hashable {
        /// How many observations in a row support the state.
        package var count: UInt32 = 0
        /// Whether the latest of them was this node's own.
        package var isOwn = false
        /// When the first of them was due.
        package var firstDue = Instant.zero
        /// When the state was first seen, for people.
        package var since = WallTime(milliseconds: 0)

        package init() {}
    }

    package let certified: TargetState?
    /// By raw state.
    private var runs = [Run](repeating: Run(), count: TargetState.allCases.count)
    private var lastDue = Instant.zero

    package init(against certified: TargetState?) { self.certified = certified }

    package var isEmpty: Bool { runs.allSatisfy { $0.count == 0 } }
    package subscript(state: TargetState) -> Run { runs[Int(state.rawValue)] }

    /// A look that was due at `due` saw `state`.
    package mutating func note(_ state: TargetState, due: Instant, at wall: WallTime) {
        lastDue = due
        for target in TargetState.allCases {
            let place = Int(target.rawValue)
            guard Support.does(state, support: target, from: certified) else {
                runs[place] = Run()
                continue
            }
            if runs[place].count == 0 {
                runs[place].firstDue = due
                runs[place].since = wall
            }
            runs[place].count = min(runs[place].count + 1, 1_000_000)
            runs[place].isOwn = true
        }
    }

    /// The farthest state that has lasted `delay + 1` observations whose due times span at least
    /// `delay` intervals; from unknown a single observation is enough.
    package func ripe(delay: Int, interval: TimeSpan) -> TargetState? {
        let needed = certified == nil ? 1 : UInt32(delay) + 1
        let span = certified == nil ? .zero : interval * delay
        let ripe = TargetState.allCases.filter { state in
            let run = self[state]
            return run.isOwn && run.count >= needed && lastDue - run.firstDue >= span
        }
        guard let certified else { return ripe.max() }
        return ripe.max {
            abs(Int($0.rawValue) - Int(certified.rawValue))
                < abs(Int($1.rawValue) - Int(certified.rawValue))
        }
    }

    /// Takes over what a former owner has counted: its runs stand for looks before `due`, to which
    /// this node adds its own. What this node has counted itself stays if it is more.
    package mutating func inherit(
        _ state: TargetState, count: UInt32, firstDue: Instant, since: WallTime
    ) {
        let place = Int(state.rawValue)
        guard state != certified, count > runs[place].count else { return }
        runs[place].count = count
        runs[place].firstDue = firstDue
        runs[place].since = since
    }
}
