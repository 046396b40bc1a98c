import MeshCore

/// The duties of a node, with stable places.
///
/// What every head of every co-owner asks about (which check, who looks beside this node) lies in
/// arrays of its own: a mesh of a hundred sends thousands of heads a second, and a duty is large.
struct DutyTable: Sendable {
    private var slots: [Duty?] = []
    /// By place: the check's place in the book, or -1 where no duty is.
    private var checks: [Int] = []
    private var peers: [[Duty.Peer]] = []
    private var free: [Int] = []

    private(set) var count = 0
    /// The places in use, in order.
    var places: [Int] { checks.indices.filter { checks[$0] >= 0 } }
    var endIndex: Int { checks.count }

    subscript(place: Int) -> Duty? {
        _read { yield slots[place] }
        _modify { yield &slots[place] }
    }

    /// A copy, or `nil` if the place is free or was never used.
    func at(_ place: Int) -> Duty? { slots.indices.contains(place) ? slots[place] : nil }

    /// The place in the book of a duty's check; `nil` if the place is free.
    func check(of place: Int) -> Int? { checks[place] >= 0 ? checks[place] : nil }

    /// Others that look at a duty's check.
    func peers(of place: Int) -> [Duty.Peer] { peers[place] }
    mutating func setPeers(_ peers: [Duty.Peer], of place: Int) { self.peers[place] = peers }

    func isShared(_ place: Int, with node: NodeID) -> Bool {
        peers[place].contains { $0.node == node }
    }

    /// `node` has said that it observes the check. True if it had not, since this duty began.
    mutating func hear(_ node: NodeID, observes place: Int, now: Instant) -> Bool {
        guard let peer = peers[place].firstIndex(where: { $0.node == node }) else { return false }
        peers[place][peer].observingAt = now
        guard !peers[place][peer].hasReported else { return false }
        peers[place][peer].hasReported = true
        return true
    }

    /// `node` has said that it should observe the check and does not.
    mutating func hear(_ node: NodeID, isBlindAt place: Int, now: Instant) {
        guard let peer = peers[place].firstIndex(where: { $0.node == node }) else { return }
        peers[place][peer].blindAt = now
    }

    mutating func add(_ duty: Duty, peers: [Duty.Peer]) -> Int {
        count += 1
        if let place = free.popLast() {
            // Timers of the slot's former duty must not fit the new one.
            slots[place] = duty
            checks[place] = duty.check
            self.peers[place] = peers
            return place
        }
        slots.append(duty)
        checks.append(duty.check)
        self.peers.append(peers)
        return slots.count - 1
    }

    mutating func remove(_ place: Int) {
        guard checks[place] >= 0 else { return }
        slots[place] = nil
        checks[place] = -1
        peers[place] = []
        free.append(place)
        count -= 1
    }
}
