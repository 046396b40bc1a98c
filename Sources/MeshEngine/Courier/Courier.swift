package import MeshCore
package import MeshMembership

/// Carries updates to one member each and sees that they arrive: verdicts, claims and what else
/// must not wait for a gossip tick (design 6 and 7).
///
///     update -> waiting -> in a parcel -> acknowledged
///                  ^           |  after 100 ms or more, doubling: the same parcel again
///                  '- replaced '- after 8 tries: given up, anti-entropy mends it
///
/// Of two updates about one thing for one member only the newer goes on. A parcel is one datagram;
/// an update that is replaced while its parcel is under way leaves it, so that a repetition never
/// brings what is outdated.
///
/// Bound: `perPeerMax` and `totalMax` updates; the oldest give way, being the likeliest to be known
/// by other ways by now.
package struct Courier: Sendable {
    package static let perPeerMax = 1_024
    package static let totalMax = 16_384
    /// Parcels under way to one member.
    package static let parcelsMax = 8
    package static let triesMax = 8
    private static let retryMin = TimeSpan.milliseconds(100)
    private static let retryMax = TimeSpan.seconds(1)

    /// One parcel that is to leave now.
    package struct Dispatch: Sendable, Hashable {
        package var node: NodeID
        package var number: UInt32
        package var updates: [Update]
    }

    package struct Counters: Sendable, Hashable {
        /// Updates that gave way at a bound.
        package var dropped = 0
        /// Updates whose parcel was never acknowledged.
        package var givenUp = 0
        package init() {}
    }

    private struct Place: Sendable {
        var node: NodeID
        var ticket: Ticket
    }
    private struct Timer: Sendable {
        var node: NodeID
        var number: UInt32
    }

    /// Bytes of a datagram that updates may take.
    private let room: Int
    private var bags: [NodeID: MailBag] = [:]
    /// Members for whom something may leave, each once.
    private var ready = BoundedQueue<NodeID>(limit: totalMax)
    /// All updates in the order in which they came; those that are gone are passed over.
    private var arrivals: [Place] = []
    private var arrivalsTaken = 0
    private var timers = DeadlineQueue<Timer>()
    private var lastOrder: UInt64 = 0
    private var lastNumber: UInt32
    package private(set) var count = 0
    package private(set) var counters = Counters()

    /// `room`: bytes of a datagram for updates, enough for the largest one. `firstNumber` is drawn
    /// at random, so that acknowledgements of an earlier start mean nothing.
    package init(room: Int, firstNumber: UInt32) {
        precondition(room > Update.byteCountMax + 3, "expected room for the largest update")
        self.room = room
        lastNumber = firstNumber
    }

    package var isEmpty: Bool { count == 0 }
    package func count(for node: NodeID) -> Int { bags[node]?.count ?? 0 }

    // MARK: What happens

    /// Takes an update for a member. One about the same thing that has not arrived is replaced.
    package mutating func enqueue(
        _ update: Update, about key: DisseminationQueue.Key, to node: NodeID
    ) {
        precondition(
            update.body.count <= Update.byteCountMax, "expected an update within its bound")
        var bag = bags.removeValue(forKey: node) ?? MailBag()
        lastOrder += 1
        let ticket = Ticket(key: key, order: lastOrder)
        if bag.put(update, ticket) {
            count += 1
            if bag.count > Self.perPeerMax { drop(from: &bag) }
        }
        makeReady(node, &bag)
        bags[node] = bag
        arrivals.append(Place(node: node, ticket: ticket))
        if count > Self.totalMax { dropOldest() }
        if arrivals.count > 2 * (count + 512) { forgetGoneArrivals() }
    }

    /// A member has what was in a parcel. An unknown number is of one that was given up.
    package mutating func handle(received number: UInt32, from node: NodeID) {
        guard var bag = bags.removeValue(forKey: node) else { return }
        count -= bag.removeParcel(number)
        keep(&bag, of: node)
    }

    /// A member is dead or gone: nothing more is tried.
    package mutating func forget(_ node: NodeID) {
        guard let bag = bags.removeValue(forKey: node) else { return }
        count -= bag.count
    }

    package var nextDeadline: Instant? { timers.nextDeadline }

    package mutating func handleDeadline(now: Instant) {
        while let (timer, _) = timers.popDue(at: now) {
            guard var bag = bags.removeValue(forKey: timer.node) else { continue }
            switch bag.timeOut(timer.number, now: now) {
            case .nothing, .again: break
            case .givenUp(let lost):
                count -= lost
                counters.givenUp += lost
            }
            keep(&bag, of: timer.node)
        }
    }

    /// Whether there may be a parcel to send now.
    package var isReady: Bool { !ready.isEmpty }

    /// The next parcel to send, new or again. `retry`: three times a round trip, as far as is known;
    /// an acknowledgement is waited for that long, at least 100 ms.
    package mutating func popSend(retry: TimeSpan, now: Instant) -> Dispatch? {
        while let node = ready.popFirst() {
            guard var bag = bags.removeValue(forKey: node) else { continue }
            bag.isReady = false
            let firstRetry = retry.clamped(from: Self.retryMin, to: Self.retryMax)
            let sent =
                bag.repeatDue(now: now, longest: Self.retryMax)
                ?? bag.pack(room: room, number: lastNumber &+ 1, retry: firstRetry, now: now)
            if let sent {
                if sent.number == lastNumber &+ 1 { lastNumber &+= 1 }
                timers.schedule(Timer(node: node, number: sent.number), at: sent.due)
            }
            keep(&bag, of: node)
            if let sent {
                return Dispatch(node: node, number: sent.number, updates: sent.updates)
            }
        }
        return nil
    }

    // MARK: Keeping the books

    private mutating func keep(_ bag: inout MailBag, of node: NodeID) {
        guard bag.count > 0 else { return }
        makeReady(node, &bag)
        bags[node] = bag
    }

    private mutating func makeReady(_ node: NodeID, _ bag: inout MailBag) {
        guard !bag.isReady, bag.hasSomethingToSend else { return }
        bag.isReady = ready.append(node)
    }

    private mutating func drop(from bag: inout MailBag) {
        guard bag.removeOldest() else { return }
        count -= 1
        counters.dropped += 1
    }

    private mutating func dropOldest() {
        while arrivalsTaken < arrivals.count {
            let place = arrivals[arrivalsTaken]
            arrivalsTaken += 1
            guard var bag = bags.removeValue(forKey: place.node) else { continue }
            let isRemoved = bag.remove(place.ticket)
            keep(&bag, of: place.node)
            if isRemoved {
                count -= 1
                counters.dropped += 1
                return
            }
        }
    }

    private mutating func forgetGoneArrivals() {
        arrivals = arrivals[arrivalsTaken...].filter { bags[$0.node]?.holds($0.ticket) ?? false }
        arrivalsTaken = 0
    }
}
