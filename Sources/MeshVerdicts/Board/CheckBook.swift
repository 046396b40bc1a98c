import MeshChecks
import MeshCore

/// All checks that a node knows of: those that it is configured to watch, and those that it has
/// only heard of. Places are stable for as long as the process lives.
///
/// Bound: `VerdictBounds.checksMax`; a further check that was only heard of is refused.
struct CheckBook: Sendable {
    /// What is known about one check.
    struct Page: Sendable {
        let id: CheckID
        /// The place of its definition in the plan; `nil` if it is not configured here.
        var plan: Int?
        /// What the duty goes by; the plan that is held against it may be newer.
        var planned: DefinitionID?
        var plannedConfirmations = 0
        var certified: Certified?
        var board = Board()
        /// The place of this node's duty, if it has one.
        var duty: Int?
        var provisional: TargetState?
        var isBystanderWaiting = false
        /// When this node last said that it does not have the check.
        var declinedAt: Instant?
        /// When a signer that is behind was last sent the flip.
        var taughtAt: Instant?
        var vouchers = Vouchers()
    }

    /// The flip that a check is in, and its proof as it travels.
    struct Certified: Sendable {
        var flip: Flip
        var certificate: [UInt8]
        var learntAt: Instant
        /// A fork's winner that no round of looks has confirmed yet.
        var isContested: Bool
        /// Flips that have lost to this one: it is contested by each once. Bound: `rivalsMax`.
        var rivals: [FlipID] = []

        static let rivalsMax = 8
    }

    private(set) var pages: [Page] = []
    private var places: [CheckID: Int] = [:]
    /// First halves of ids, for messages that name checks by them.
    private var prefixes: [UInt64: Int] = [:]
    /// Pages whose dossier has changed since it was last told, in order, each once.
    private var changed: [Int] = []
    private var isChanged: [Bool] = []

    var count: Int { pages.count }

    subscript(place: Int) -> Page {
        _read { yield pages[place] }
        _modify { yield &pages[place] }
    }

    func place(of check: CheckID) -> Int? { places[check] }
    func place(of prefix: CheckPrefix) -> Int? { prefixes[prefix.word] }

    /// The place of a check, made if it has none and there is room: those that are configured have
    /// theirs by their own bound, whatever others talk of.
    mutating func open(_ check: CheckID, isConfigured: Bool = false) -> Int? {
        let known = places[check]
        let place = known ?? pages.count
        guard known != nil || isConfigured || place < VerdictBounds.checksMax else { return nil }
        if isConfigured || prefixes[check.bytes.high] == nil {
            prefixes[check.bytes.high] = place
        }
        guard known == nil else { return place }
        places[check] = place
        pages.append(Page(id: check))
        isChanged.append(false)
        return pages.count - 1
    }

    mutating func noteChange(_ place: Int) {
        guard !isChanged[place] else { return }
        isChanged[place] = true
        changed.append(place)
    }

    var hasChanged: Bool { !changed.isEmpty }

    mutating func takeChanged() -> [Int] {
        defer { changed = [] }
        for place in changed { isChanged[place] = false }
        return changed
    }
}

/// The duties of a node, with stable places.
struct DutyTable: Sendable {
    private var slots: [Duty?] = []
    private var free: [Int] = []

    private(set) var count = 0
    /// The places in use, in order.
    var places: [Int] { slots.indices.filter { slots[$0] != nil } }

    subscript(place: Int) -> Duty? {
        _read { yield slots[place] }
        _modify { yield &slots[place] }
    }

    /// A copy, or `nil` if the place is free or was never used.
    func at(_ place: Int) -> Duty? { slots.indices.contains(place) ? slots[place] : nil }

    mutating func add(_ duty: Duty) -> Int {
        count += 1
        if let place = free.popLast() {
            // Timers of the slot's former duty must not fit the new one.
            slots[place] = duty
            return place
        }
        slots.append(duty)
        return slots.count - 1
    }

    mutating func remove(_ place: Int) {
        guard slots[place] != nil else { return }
        slots[place] = nil
        free.append(place)
        count -= 1
    }
}
