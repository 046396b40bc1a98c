import MeshChecks
import MeshCore

/// All checks that a node knows of: those that it is configured to watch, and those that it has
/// only heard of. Places are stable for as long as the process lives.
///
/// Bound: `VerdictBounds.checksMax`; a further check that was only heard of is refused.
struct CheckBook: Sendable {
    /// What is known about one check. There are as many as checks, at every node, and most of them
    /// are quiet: what only few have lies in a box of its own.
    struct Page: Sendable {
        let id: CheckID
        var certified: Certified?
        var board = Board()
        private var rare = RareBox<Rare>()
        private var planPlace = Self.none
        private var dutyPlace = Self.none
        /// What the duty goes by; the plan that is held against it may be newer.
        var planned: DefinitionID?
        /// Owners by the rule that placement goes by.
        var confirmations: UInt8 = 0
        /// False for a place that was given back and waits for another check.
        var isOpen = true
        var isBystanderWaiting = false

        private static let none = UInt32.max

        init(id: CheckID, isOpen: Bool = true) {
            self.id = id
            self.isOpen = isOpen
        }

        /// The place of its definition in the plan; `nil` if it is not configured here.
        var plan: Int? {
            get { planPlace == Self.none ? nil : Int(planPlace) }
            set { planPlace = newValue.map(UInt32.init) ?? Self.none }
        }
        /// The place of this node's duty, if it has one.
        var duty: Int? {
            get { dutyPlace == Self.none ? nil : Int(dutyPlace) }
            set { dutyPlace = newValue.map(UInt32.init) ?? Self.none }
        }
        var plannedConfirmations: Int {
            get { Int(confirmations) }
            set { confirmations = UInt8(newValue) }
        }
        var provisional: TargetState? {
            get { rare.value.provisional }
            set { rare.value.provisional = newValue }
        }
        /// When this node last said that it does not have the check.
        var declinedAt: Instant? {
            get { rare.value.declinedAt }
            set { rare.value.declinedAt = newValue }
        }
        /// When a signer that is behind was last sent the flip.
        var taughtAt: Instant? {
            get { rare.value.taughtAt }
            set { rare.value.taughtAt = newValue }
        }
        var vouchers: Vouchers {
            get { rare.value.vouchers }
            set { rare.value.vouchers = newValue }
        }

        /// Bytes besides the page itself.
        var storageByteCount: Int {
            board.storageByteCount + rare.storageByteCount + (certified?.storageByteCount ?? 0)
        }

        private struct Rare: RareValue {
            var provisional: TargetState?
            var declinedAt: Instant?
            var taughtAt: Instant?
            var vouchers = Vouchers()

            var isVacant: Bool {
                provisional == nil && declinedAt == nil && taughtAt == nil && vouchers.isEmpty
            }
        }
    }

    /// The flip that a check is in, and its proof as it travels.
    struct Certified: Sendable {
        let flip: Flip
        private(set) var proof: HeldProof
        var learntAt: Instant
        private var rare = RareBox<Rare>()
        private var observed: UInt64

        init(
            flip: Flip, certificate: [UInt8], observedAt: WallTime? = nil, learntAt: Instant,
            rivals: [FlipID] = [], gap: Gap? = nil
        ) {
            self.flip = flip
            proof = HeldProof(of: flip, certificate)
            self.learntAt = learntAt
            observed = observedAt?.milliseconds ?? .max
            if !rivals.isEmpty { self.rivals = rivals }
            if let gap { self.gap = gap }
        }

        /// False for a flip that comes from the archive: true here, and no proof to others.
        var hasProof: Bool { !proof.isEmpty }
        /// The proof as it travels; empty if there is none.
        var certificate: [UInt8] { proof.encoded(of: flip) }
        /// Expects a certificate of the flip.
        mutating func prove(by certificate: [UInt8]) {
            proof = HeldProof(of: flip, certificate)
        }

        /// When it was signed; `nil` from the archive.
        var observedAt: WallTime? {
            get { observed == .max ? nil : WallTime(milliseconds: observed) }
            set { observed = newValue?.milliseconds ?? .max }
        }
        /// It has won a fork and no round of looks has confirmed it yet.
        var contest: Contest? {
            get { rare.value.contest }
            set { rare.value.contest = newValue }
        }
        /// Flips that have lost to this one or to those before it: each contests once. The oldest
        /// gives way. Bound: `rivalsMax`.
        var rivals: [FlipID] {
            get { rare.value.rivals }
            set { rare.value.rivals = newValue }
        }
        /// Flips between this one and the one that was certified here before.
        var gap: Gap? {
            get { rare.value.gap }
            set { rare.value.gap = newValue }
        }

        var isContested: Bool { contest != nil }
        var storageByteCount: Int { proof.storageByteCount + rare.storageByteCount }

        static let rivalsMax = 8

        private struct Rare: RareValue {
            var contest: Contest?
            var rivals: [FlipID] = []
            var gap: Gap?

            var isVacant: Bool { contest == nil && rivals.isEmpty && gap == nil }
        }
    }

    private(set) var pages: [Page] = []
    private var places = SlotIndex()
    private var placesCount = 0
    /// First halves of ids, for messages that name checks by them.
    private var prefixes = SlotIndex()
    /// Whether anybody has signed anything, page by page: asked of all of them now and then, and of
    /// every check that is shared with every head.
    private var hasEntries: [Bool] = []
    /// Places that were given back.
    private var free: [Int] = []
    private var archive = FlipArchive()
    /// Pages whose dossier has changed since it was last told, in order, each once.
    private var changed: [Int] = []
    private var isChanged: [Bool] = []
    /// Checks whose pages were given back since then.
    private var closed: [CheckID] = []

    /// Of all places, those that were given back as well.
    var count: Int { pages.count }

    subscript(place: Int) -> Page {
        _read { yield pages[place] }
        _modify {
            defer { hasEntries[place] = !pages[place].board.isEmpty }
            yield &pages[place]
        }
    }

    /// Whether nobody has signed anything.
    func isBoardEmpty(_ place: Int) -> Bool { !hasEntries[place] }

    func place(of check: CheckID) -> Int? {
        places.position(of: check.bytes) { pages[Int($0)].id.bytes }.map(Int.init)
    }

    func place(of prefix: CheckPrefix) -> Int? {
        prefixes.position(of: Self.half(prefix.word)) { half(at: $0) }.map(Int.init)
    }

    private static func half(_ word: UInt64) -> Bytes16 { Bytes16(high: 0, low: word) }
    private func half(at place: UInt32) -> Bytes16 {
        Self.half(pages[Int(place)].id.bytes.high)
    }

    /// Bytes held for all checks, besides those that were put away.
    var storageByteCount: Int {
        pages.reduce(0) { $0 + $1.storageByteCount }
            + pages.capacity * MemoryLayout<Page>.stride + hasEntries.capacity + isChanged.capacity
            + places.storageByteCount + prefixes.storageByteCount
    }

    /// The place of a check, made if it has none and there is room: those that are configured have
    /// theirs by their own bound, whatever others talk of.
    mutating func open(_ check: CheckID, isConfigured: Bool = false) -> Int? {
        if let known = place(of: check) {
            if isConfigured { setPrefix(known) }
            return known
        }
        guard isConfigured || placesCount < VerdictBounds.checksMax else { return nil }
        var page = Page(id: check)
        if let flip = archive.take(check) {
            page.certified = Certified(flip: flip, certificate: [], learntAt: .zero)
        }
        let place = free.popLast() ?? pages.count
        if place == pages.count {
            // By an eighth: doubled arrays would be half empty when twenty thousand are in.
            if pages.count == pages.capacity {
                pages.reserveCapacity(pages.count + pages.count / 8 + 16)
            }
            pages.append(page)
            isChanged.append(false)
            hasEntries.append(false)
        } else {
            pages[place] = page
            hasEntries[place] = false
        }
        do {
            let pages = pages
            places.insert(check.bytes, at: UInt32(place)) { pages[Int($0)].id.bytes }
        }
        placesCount += 1
        if isConfigured || self.place(of: CheckPrefix(of: check)) == nil { setPrefix(place) }
        return place
    }

    /// Lets the first half of its id name this check, and no other.
    private mutating func setPrefix(_ place: Int) {
        let prefix = CheckPrefix(of: pages[place].id)
        let former = self.place(of: prefix)
        guard former != place else { return }
        let pages = pages
        let half = { (at: UInt32) in Self.half(pages[Int(at)].id.bytes.high) }
        if former != nil { prefixes.remove(Self.half(prefix.word), idAt: half) }
        prefixes.insert(Self.half(prefix.word), at: UInt32(place), idAt: half)
    }

    /// Gives a place back; its flip is archived. Returns the check whose archived flip gave way for
    /// that, if one did. Expects a page without a duty.
    mutating func close(_ place: Int) -> CheckID? {
        let page = pages[place]
        precondition(page.duty == nil, "expected nobody to look at a check that is given back")
        let isNamed = self.place(of: CheckPrefix(of: page.id)) == place
        do {
            let pages = pages
            places.remove(page.id.bytes) { pages[Int($0)].id.bytes }
            if isNamed {
                prefixes.remove(Self.half(page.id.bytes.high)) {
                    Self.half(pages[Int($0)].id.bytes.high)
                }
            }
        }
        placesCount -= 1
        pages[place] = Page(id: page.id, isOpen: false)
        hasEntries[place] = false
        free.append(place)
        closed.append(page.id)
        return page.certified.flatMap { archive.keep($0.flip) }
    }

    /// An archived flip, read from disk.
    mutating func restore(archived flip: Flip) {
        if let place = place(of: flip.check) {
            guard pages[place].certified == nil else { return }
            pages[place].certified = Certified(flip: flip, certificate: [], learntAt: .zero)
        } else {
            _ = archive.keep(flip)
        }
    }

    /// Flips of checks that are neither configured nor talked of. A birth that wins makes them the
    /// past of another mesh.
    mutating func dropArchive() { archive = FlipArchive() }
    var archivedCount: Int { archive.count }

    mutating func noteChange(_ place: Int) {
        guard !isChanged[place] else { return }
        isChanged[place] = true
        changed.append(place)
    }

    var hasChanged: Bool { !changed.isEmpty || !closed.isEmpty }

    /// Places whose dossiers have changed, and checks that have none any more.
    mutating func takeChanged() -> (places: [Int], closed: [CheckID]) {
        defer {
            changed = []
            closed = []
        }
        for place in changed { isChanged[place] = false }
        return (changed.filter { pages[$0].isOpen }, closed.filter { place(of: $0) == nil })
    }
}
