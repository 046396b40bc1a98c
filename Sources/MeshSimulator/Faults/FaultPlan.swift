package import MeshCore

/// When what goes wrong: a list of faults, written down before the run begins, so that it can be
/// read and replayed.
package struct FaultPlan: Sendable {
    package struct Entry: Sendable {
        package var at: TimeSpan
        package var fault: Fault
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    package mutating func add(_ fault: Fault, at: TimeSpan) {
        entries.append(Entry(at: at, fault: fault))
    }

    /// What a restart finds on its disk.
    package enum DiskFate: Sendable, Hashable {
        case kept, lost, restored
    }

    package mutating func restart(
        _ place: Int, at: TimeSpan, downFor pause: TimeSpan, disk: DiskFate = .kept,
        silently: Bool = false
    ) {
        add(.kill(place, silently: silently), at: at)
        switch disk {
        case .kept: break
        case .lost: add(.eraseDisk(place), at: at + pause)
        case .restored: add(.restoreDisk(place), at: at + pause)
        }
        add(.start(place), at: at + pause)
    }

    package mutating func pause(_ place: Int, at: TimeSpan, for span: TimeSpan) {
        add(.pause(place), at: at)
        add(.resume(place), at: at + span)
    }

    /// Cuts the network in two, `isOnOneSide` and the rest, and joins it again.
    package mutating func cut(
        places: Int, at: TimeSpan, for span: TimeSpan, _ isOnOneSide: (Int) -> Bool
    ) {
        add(.partition((0..<places).map { isOnOneSide($0) ? 1 : 0 }), at: at)
        add(.heal, at: at + span)
    }

    /// Stalls each of `places` again and again for a random part of `longest`, with pauses of
    /// about the same length between, until `end`; the last stall ends by then.
    package mutating func stall(
        _ places: [Int], from start: TimeSpan, until end: TimeSpan, longest: TimeSpan,
        using generator: inout SeededGenerator
    ) {
        for place in places {
            var at = start + generator.span(from: .zero, to: longest)
            while at < end {
                let span = generator.span(from: .zero, to: longest)
                pause(place, at: at, for: min(span, end - at))
                // 1 ms to 4 s of running between, each power of two as likely: long enough to ask
                // and too short to hear, which is what makes starved nodes accuse.
                let run = TimeSpan.milliseconds(1 << Int64(generator.index(below: 13)))
                at = at + span + run
            }
        }
    }
}
