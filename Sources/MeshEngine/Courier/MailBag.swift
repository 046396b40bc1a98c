import MeshCore
import MeshMembership

/// Which update under a key: a replaced one had a lower order.
struct Ticket: Sendable {
    var key: DisseminationQueue.Key
    var order: UInt64
}

/// What the courier has for one member: updates that wait, oldest first, and parcels under way.
///
/// Updates are packed in the order in which they came, so that all in parcels are older than all
/// that wait.
struct MailBag: Sendable {
    private struct Item: Sendable {
        var update: Update
        var order: UInt64
    }

    private struct Parcel: Sendable {
        var number: UInt32
        var tickets: [Ticket]
        var tries = 1
        var retry: TimeSpan
        var due: Instant
        /// It is to be sent again.
        var isDue = false
    }

    /// A parcel as it leaves.
    struct Sent: Sendable {
        var number: UInt32
        var updates: [Update]
        /// When its acknowledgement is missed.
        var due: Instant
    }

    enum Timeout: Sendable {
        /// The timer was about nothing any more.
        case nothing
        case again
        case givenUp(updates: Int)
    }

    private var items: [DisseminationQueue.Key: Item] = [:]
    private var waiting: [Ticket] = []
    private var waitingTaken = 0
    /// At most `Courier.parcelsMax`, oldest first.
    private var parcels: [Parcel] = []
    var isReady = false

    var count: Int { items.count }

    func holds(_ ticket: Ticket) -> Bool { items[ticket.key]?.order == ticket.order }

    var hasSomethingToSend: Bool {
        parcels.contains(where: \.isDue)
            || (parcels.count < Courier.parcelsMax && waitingTaken < waiting.count)
    }

    /// True if nothing about the same thing was here.
    mutating func put(_ update: Update, _ ticket: Ticket) -> Bool {
        let isNew =
            items.updateValue(Item(update: update, order: ticket.order), forKey: ticket.key) == nil
        waiting.append(ticket)
        if waiting.count - waitingTaken > 2 * items.count + 16 {
            waiting = waiting[waitingTaken...].filter(holds)
            waitingTaken = 0
        }
        if !isNew { dropEmptyParcels() }
        return isNew
    }

    mutating func remove(_ ticket: Ticket) -> Bool {
        guard holds(ticket) else { return false }
        items[ticket.key] = nil
        dropEmptyParcels()
        return true
    }

    mutating func removeOldest() -> Bool {
        for parcel in parcels {
            if let ticket = parcel.tickets.first(where: holds) { return remove(ticket) }
        }
        while waitingTaken < waiting.count {
            let ticket = waiting[waitingTaken]
            waitingTaken += 1
            if remove(ticket) { return true }
        }
        return false
    }

    /// How many updates went with it.
    mutating func removeParcel(_ number: UInt32) -> Int {
        guard let place = parcels.firstIndex(where: { $0.number == number }) else { return 0 }
        let tickets = parcels.remove(at: place).tickets.filter(holds)
        for ticket in tickets { items[ticket.key] = nil }
        return tickets.count
    }

    /// A parcel whose updates were all replaced is waited for no more.
    private mutating func dropEmptyParcels() {
        let emptied = parcels.indices.filter { !parcels[$0].tickets.contains(where: holds) }
        for place in emptied.reversed() { parcels.remove(at: place) }
    }

    /// Packs what has waited longest, as much as a datagram holds.
    mutating func pack(room: Int, number: UInt32, retry: TimeSpan, now: Instant) -> Sent? {
        guard parcels.count < Courier.parcelsMax else { return nil }
        var left = room
        var tickets: [Ticket] = []
        var updates: [Update] = []
        while waitingTaken < waiting.count {
            let ticket = waiting[waitingTaken]
            if let item = items[ticket.key], item.order == ticket.order {
                guard item.update.encodedByteCount <= left else { break }
                left -= item.update.encodedByteCount
                tickets.append(ticket)
                updates.append(item.update)
            }
            waitingTaken += 1
        }
        if waitingTaken == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            waitingTaken = 0
        }
        guard !tickets.isEmpty else { return nil }
        let due = now + retry
        parcels.append(Parcel(number: number, tickets: tickets, retry: retry, due: due))
        return Sent(number: number, updates: updates, due: due)
    }

    mutating func timeOut(_ number: UInt32, now: Instant) -> Timeout {
        guard let place = parcels.firstIndex(where: { $0.number == number }),
            !parcels[place].isDue, parcels[place].due <= now
        else { return .nothing }
        if parcels[place].tries >= Courier.triesMax {
            return .givenUp(updates: removeParcel(number))
        }
        parcels[place].isDue = true
        return .again
    }

    /// The oldest parcel that is to be sent again, without what was replaced since.
    mutating func repeatDue(now: Instant, longest: TimeSpan) -> Sent? {
        guard let place = parcels.firstIndex(where: \.isDue) else { return nil }
        parcels[place].isDue = false
        parcels[place].tries += 1
        parcels[place].retry = min(parcels[place].retry * 2, longest)
        parcels[place].due = now + parcels[place].retry
        return Sent(
            number: parcels[place].number,
            updates: parcels[place].tickets.filter(holds).compactMap { items[$0.key]?.update },
            due: parcels[place].due)
    }
}
