package import MeshCore

/// When what was wrong: what a duplicate may be excused by.
package struct TroubleLog: Sendable {
    package enum Subject: Sendable, Hashable {
        /// A process that crashes or stands still.
        case process(Int)
        /// The network between nodes.
        case network
        /// All of a place's packets, though not its streams.
        case datagrams(of: Int)

        /// `nil`: everybody's.
        fileprivate var place: Int? {
            switch self {
            case .process(let place), .datagrams(let place): place
            case .network: nil
            }
        }

        /// A cut is not over with the network's: until members have found each other again, two
        /// nodes may each take the other for dead.
        fileprivate var aftermath: TimeSpan {
            switch self {
            case .process: .zero
            case .network, .datagrams: .seconds(20)
            }
        }
    }

    private struct Trouble: Sendable {
        var subject: Subject
        var from: Instant
        /// `nil` while it lasts.
        var until: Instant?
    }

    private var troubles: [Trouble] = []

    /// Something that is over at once: a crash.
    mutating func strike(_ subject: Subject, at now: Instant) {
        troubles.append(Trouble(subject: subject, from: now, until: now))
    }

    mutating func begin(_ subject: Subject, at now: Instant) {
        guard !troubles.contains(where: { $0.subject == subject && $0.until == nil })
        else { return }
        troubles.append(Trouble(subject: subject, from: now, until: nil))
    }

    mutating func end(_ subject: Subject, at now: Instant) {
        for index in troubles.indices
        where troubles[index].subject == subject && troubles[index].until == nil {
            troubles[index].until = now
        }
    }

    /// Whether it is wrong, or was at any time since `moment`.
    package func has(_ subject: Subject, since moment: Instant) -> Bool {
        troubles.contains { $0.subject == subject && ($0.until.map { $0 >= moment } ?? true) }
    }

    /// Whether anything was wrong with one of `places`, or with the network, between two moments.
    package func overlaps(_ places: [Int], from start: Instant, to end: Instant) -> Bool {
        troubles.contains { trouble in
            let subject = trouble.subject
            guard trouble.from <= end,
                trouble.until.map({ $0 + subject.aftermath >= start }) ?? true
            else { return false }
            return subject.place.map(places.contains) ?? true
        }
    }
}
