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
        /// When the first of them was due.
        package var firstDue = Instant.zero
        /// When the state was first seen, for people.
        package var since = WallTime(milliseconds: 0)
        /// How many of them a former owner has made.
        package var inherited: UInt32 = 0

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
        }
    }

    /// The farthest state that has lasted `delay + 1` observations whose due times span at least
    /// `delay` intervals; from unknown a single observation is enough.
    package func ripe(delay: Int, interval: TimeSpan) -> TargetState? {
        let needed = certified == nil ? 1 : UInt32(delay) + 1
        let span = certified == nil ? .zero : interval * delay
        let ripe = TargetState.allCases.filter { state in
            let run = self[state]
            return run.count >= needed && run.count > run.inherited
                && lastDue - run.firstDue >= span
        }
        guard let certified else { return ripe.max() }
        return ripe.max {
            abs(Int($0.rawValue) - Int(certified.rawValue))
                < abs(Int($1.rawValue) - Int(certified.rawValue))
        }
    }

    /// Takes over what a former owner has counted, to which this node adds its own looks, those that
    /// it has made already as well. Who has looked and seen otherwise goes by its own eyes.
    package mutating func inherit(
        _ state: TargetState, count: UInt32, firstDue: Instant, since: WallTime
    ) {
        let place = Int(state.rawValue)
        let run = runs[place]
        let own = run.count - run.inherited
        guard state != certified, count > run.inherited, own > 0 || lastDue == .zero else {
            return
        }
        runs[place].inherited = count
        runs[place].count = min(own + count, 1_000_000)
        if run.count == 0 || firstDue < run.firstDue {
            runs[place].firstDue = firstDue
            runs[place].since = since
        }
    }
}
