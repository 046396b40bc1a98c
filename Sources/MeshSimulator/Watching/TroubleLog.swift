package import MeshCore

/// When what was wrong: what a duplicate may be excused by.
package struct TroubleLog: Sendable {
    package struct Trouble: Sendable {
        /// `nil`: the network between nodes.
        package var place: Int?
        package var from: Instant
        /// `nil` while it lasts.
        package var until: Instant?
    }

    /// How long member lists may stay wrong after the network is whole.
    private static let aftermath = TimeSpan.seconds(20)

    private var troubles: [Trouble] = []
    /// Something that is over at once: a crash.
    mutating func strike(_ place: Int?, at now: Instant) {
        troubles.append(Trouble(place: place, from: now, until: now))
    }

    mutating func begin(_ place: Int?, at now: Instant) {
        guard !troubles.contains(where: { $0.place == place && $0.until == nil }) else { return }
        troubles.append(Trouble(place: place, from: now, until: nil))
    }

    mutating func end(_ place: Int?, at now: Instant) {
        for index in troubles.indices
        where troubles[index].place == place && troubles[index].until == nil {
            troubles[index].until = now
        }
    }

    /// Whether anything was wrong with one of `places`, or with the network, between two moments.
    package func overlaps(_ places: [Int], from start: Instant, to end: Instant) -> Bool {
        troubles.contains { trouble in
            // A cut is not over with the network's: until members have found each other again,
            // two nodes may each take the other for dead.
            let aftermath: TimeSpan = trouble.place == nil ? Self.aftermath : .zero
            guard trouble.from <= end, trouble.until.map({ $0 + aftermath >= start }) ?? true
            else { return false }
            return trouble.place.map(places.contains) ?? true
        }
    }
}
