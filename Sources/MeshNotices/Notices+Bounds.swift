import MeshCore

/// Notices that the bound has kept from their way: each has its turn once another is over. Dropped,
/// they would be told by nobody, for all nodes reach the bound together.
extension Notices {
    mutating func turnAway(_ topic: Topic, now: Instant) {
        effects.append(.report(.refused(.notices)))
        turnedAway.insert(topic)
        scheduleTurnedAway(now: now)
    }

    private mutating func scheduleTurnedAway(now: Instant) {
        let due = now + parameters.boundRetry
        if turnedAwayAlarm.set(at: due) { deadlines.schedule(.turnedAway, at: due) }
    }

    mutating func takeTurnedAway(now: Instant) {
        guard turnedAwayAlarm.goesOff(at: now) else { return }
        let waiting = turnedAway.sorted()
        turnedAway = []
        for (place, topic) in waiting.enumerated() {
            guard errands.count < parameters.bounds.noticesMax else {
                turnedAway.formUnion(waiting[place...])
                break
            }
            reconsider(topic, now: now)
        }
        if !turnedAway.isEmpty { scheduleTurnedAway(now: now) }
    }
}
