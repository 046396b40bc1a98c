import Glibc
import MeshChecks
import MeshCore
import MeshHistory
import MeshPlatform
import MeshTestSupport
import Testing

/// A data directory of a test's own, gone with it, and a loop.
final class Desk {
    private let folder: TemporaryDirectory
    var directory: String { folder.path }
    let loop: EventLoop
    var options: StateStore.Options
    var events: [DiskEvent] = []

    init() throws {
        folder = try TemporaryDirectory()
        loop = try EventLoop()
        options = .init(directory: folder.path)
        options.lockWait = 50
    }

    /// What is in the directory, in order.
    var files: [String] { (try? folder.names()) ?? [] }

    func open() throws -> StateStore {
        let store = try StateStore.open(options, on: loop)
        store.report = { [unowned self] in events.append($0) }
        return store
    }

    func run(
        _ what: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        until isDone: () -> Bool
    ) throws {
        let deadline = SystemClock.now + .seconds(20)
        while !isDone() {
            try #require(SystemClock.now < deadline, what, sourceLocation: sourceLocation)
            try loop.turn(waitMax: .milliseconds(20))
        }
    }

    /// Writes everything, and closes the files.
    func end(_ store: StateStore) throws {
        var isEnded = false
        store.end { isEnded = true }
        try run("the end") { isEnded }
    }

    func store(_ item: StoredItem, in store: StateStore) throws -> StoreOutcome {
        var outcome: StoreOutcome?
        store.store(item) { outcome = $0 }
        try run("an answer") { outcome != nil }
        return try #require(outcome)
    }

    /// Overwrites bytes of a file that is closed.
    func damage(_ file: StateFile, at offset: Int, with bytes: [UInt8]) throws {
        let descriptor = unsafe Glibc.open("\(directory)/\(file.rawValue)", O_RDWR | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        // Reads the array, which lives for the call.
        let written = unsafe pwrite(descriptor, bytes, bytes.count, off_t(offset))
        _ = close(descriptor)
        try #require(written == bytes.count)
    }
}

func item(_ key: String, _ value: String?) -> StoredItem {
    StoredItem(key: Array(key.utf8), value: value.map { Array($0.utf8) })
}

func check(_ number: UInt64) -> CheckID { CheckID(Bytes16(high: number, low: 1)) }
func flipID(_ number: UInt64) -> FlipID { FlipID(Bytes16(high: number, low: 2)) }
func time(_ seconds: UInt64) -> WallTime {
    WallTime(milliseconds: 1_767_225_600_000 + seconds * 1_000)
}

/// The flip number `number` of a chain: its id, epoch and parent follow from it.
func flip(
    _ number: UInt64, of checked: CheckID = check(1), to state: TargetState,
    from previous: TargetState?, at seconds: UInt64, birth: UInt64 = 1
) -> FlipRecord {
    FlipRecord(
        id: flipID(birth << 32 | number), check: checked, name: "website",
        birth: Birth(Bytes16(high: birth, low: 0)), epoch: UInt32(number),
        parent: flipID(birth << 32 | (number - 1)), state: state, previous: previous,
        since: time(seconds), reason: Reason("because \(number)"),
        confirmedBy: [NodeID(Bytes16(high: 7, low: 7)), NodeID(Bytes16(high: 8, low: 8))],
        certificate: Array(repeating: UInt8(truncatingIfNeeded: number), count: 300))
}
