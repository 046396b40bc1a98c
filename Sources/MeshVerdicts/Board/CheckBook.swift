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
        /// False for a place that was given back and waits for another check.
        var isOpen = true
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
        /// Empty for a flip that comes from the archive: true here, and no proof to others.
        var certificate: [UInt8]
        /// When it was signed; `nil` from the archive.
        var observedAt: WallTime?
        var learntAt: Instant
        /// It has won a fork and no round of looks has confirmed it yet.
        var contest: Contest?
        /// Flips that have lost to this one or to those before it: each contests once. The oldest
        /// gives way. Bound: `rivalsMax`.
        var rivals: [FlipID] = []
        /// Flips between this one and the one that was certified here before.
        var gap: Gap?

        var isContested: Bool { contest != nil }

        static let rivalsMax = 8
    }

    private(set) var pages: [Page] = []
    private var places: [CheckID: Int] = [:]
    /// First halves of ids, for messages that name checks by them.
    private var prefixes: [UInt64: Int] = [:]
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
        _modify { yield &pages[place] }
    }

    /// Whether nobody has signed anything: asked of every check that is shared, with every head.
    func isBoardEmpty(_ place: Int) -> Bool { pages[place].board.isEmpty }

    func place(of check: CheckID) -> Int? { places[check] }
    func place(of prefix: CheckPrefix) -> Int? { prefixes[prefix.word] }

    /// The place of a check, made if it has none and there is room: those that are configured have
    /// theirs by their own bound, whatever others talk of.
    mutating func open(_ check: CheckID, isConfigured: Bool = false) -> Int? {
        if let known = places[check] {
            if isConfigured { prefixes[check.bytes.high] = known }
            return known
        }
        guard isConfigured || places.count < VerdictBounds.checksMax else { return nil }
        var page = Page(id: check)
        if let flip = archive.take(check) {
            page.certified = Certified(flip: flip, certificate: [], learntAt: .zero)
        }
        let place = free.popLast() ?? pages.count
        if place == pages.count {
            pages.append(page)
            isChanged.append(false)
        } else {
            pages[place] = page
        }
        places[check] = place
        if isConfigured || prefixes[check.bytes.high] == nil {
            prefixes[check.bytes.high] = place
        }
        return place
    }

    /// Gives a place back; its flip is archived. Returns the check whose archived flip gave way for
    /// that, if one did. Expects a page without a duty.
    mutating func close(_ place: Int) -> CheckID? {
        let page = pages[place]
        precondition(page.duty == nil, "expected nobody to look at a check that is given back")
        places[page.id] = nil
        if prefixes[page.id.bytes.high] == place { prefixes[page.id.bytes.high] = nil }
        pages[place] = Page(id: page.id, isOpen: false)
        free.append(place)
        closed.append(page.id)
        return page.certified.flatMap { archive.keep($0.flip) }
    }

    /// An archived flip, read from disk.
    mutating func restore(archived flip: Flip) {
        if let place = places[flip.check] {
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
        return (changed.filter { pages[$0].isOpen }, closed.filter { places[$0] == nil })
    }
}
