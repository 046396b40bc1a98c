package import MeshCore

/// Decides what becomes of each packet: lost, late, doubled or on time. It holds no packets; the
/// world's event queue does.
package struct SimulatedNetwork: Sendable {
    package var conditions: NetworkConditions
    package var reachability: Reachability
    private var generator: SeededGenerator
    private let zoneOfProcess: [Int]
    private let zoneCount: Int
    /// One way, by zone of the sender and zone of the receiver.
    private let delays: [TimeSpan]

    /// What becomes of one packet.
    package enum Fate: Hashable, Sendable {
        case lost
        case arrives(after: TimeSpan)
        case arrivesTwice(after: TimeSpan, andAfter: TimeSpan)
    }

    package init(
        zoneOfProcess: [Int], zoneCount: Int, conditions: NetworkConditions,
        generator: SeededGenerator
    ) {
        self.conditions = conditions
        self.generator = generator
        self.zoneOfProcess = zoneOfProcess
        self.zoneCount = zoneCount
        reachability = Reachability(processCount: zoneOfProcess.count)
        var delays = Array(
            repeating: conditions.delayWithinZone, count: zoneCount * zoneCount)
        for one in 0..<zoneCount {
            for other in 0..<one {
                let delay = self.generator.span(
                    from: conditions.delayBetweenZonesMin, to: conditions.delayBetweenZonesMax)
                delays[one * zoneCount + other] = delay
                delays[other * zoneCount + one] = delay
            }
        }
        self.delays = delays
    }

    package mutating func fateOfDatagram(
        from sender: Int, to receiver: Int, now: Instant
    ) -> Fate {
        guard
            reachability.passes(from: sender, to: receiver, isDatagram: true, now: now),
            !generator.chance(perMillion: conditions.lossPerMillion)
        else { return .lost }
        var delay = delay(from: sender, to: receiver)
        if generator.chance(perMillion: conditions.reorderingPerMillion) {
            delay = delay + generator.span(from: .zero, to: conditions.reorderingDelay)
        }
        guard generator.chance(perMillion: conditions.duplicationPerMillion) else {
            return .arrives(after: delay)
        }
        let second = delay + generator.span(from: .zero, to: conditions.reorderingDelay)
        return .arrivesTwice(after: delay, andAfter: second)
    }

    /// Whether one packet of a stream gets through.
    mutating func segmentPasses(from sender: Int, to receiver: Int, now: Instant) -> Bool {
        reachability.passes(from: sender, to: receiver, isDatagram: false, now: now)
            && !generator.chance(perMillion: conditions.lossPerMillion)
    }

    /// One packet's time on the way, jitter included.
    mutating func delay(from sender: Int, to receiver: Int) -> TimeSpan {
        let base = delays[zoneOfProcess[sender] * zoneCount + zoneOfProcess[receiver]]
        let jitter = base.nanoseconds / Int64(conditions.jitterDivisor)
        return TimeSpan(
            nanoseconds: base.nanoseconds + Int64(generator.index(below: Int(jitter) + 1)))
    }

    /// There and back without jitter: what a stream's retransmission timer goes by.
    func roundTrip(between one: Int, and other: Int) -> TimeSpan {
        delays[zoneOfProcess[one] * zoneCount + zoneOfProcess[other]] * 2
    }
}
