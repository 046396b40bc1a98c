import MeshCore
import MeshMembership

@testable import MeshEngine

/// What a node of these stories holds: of each key an epoch and some updates. A higher epoch
/// replaces, equal ones merge.
struct Archive: DossierSource {
    private(set) var truthDigest = TruthDigest()
    private var held: [Bytes16: (epoch: UInt64, updates: [Update])] = [:]
    private var keys: [[Bytes16]] = Array(repeating: [], count: TruthDigest.bucketCount)
    /// Takes nothing from anybody.
    var isStubborn = false

    static func key(_ number: Int) -> Bytes16 {
        Bytes16(high: StableHash.of(UInt64(number)), low: UInt64(number))
    }

    /// An update names its epoch in its first byte.
    static func update(_ epoch: UInt8, _ content: UInt8 = 0, bytes: Int = 2) -> Update {
        Update(
            kind: UpdateKind.stance,
            body: [epoch, content] + [UInt8](repeating: 0, count: bytes - 2))
    }

    func summaries(inBucket bucket: Int) -> [DossierSummary] {
        keys[bucket].compactMap { summary(of: $0) }
    }
    func dossier(of key: Bytes16) -> [Update] { held[key]?.updates ?? [] }

    func summary(of key: Bytes16) -> DossierSummary? {
        guard let entry = held[key] else { return nil }
        var hash = StableHash()
        for update in entry.updates { hash.combine(update.body) }
        return DossierSummary(key: key, epoch: entry.epoch, hash: hash.finalize())
    }

    mutating func merge(_ key: Bytes16, _ updates: [Update]) {
        let before = summary(of: key)
        if before == nil {
            let bucket = TruthDigest.bucket(of: key)
            keys[bucket].append(key)
            keys[bucket].sort()
        }
        var entry = held[key] ?? (0, [])
        for update in updates {
            let epoch = UInt64(update.body[0])
            if epoch > entry.epoch { entry = (epoch, []) }
            guard epoch == entry.epoch, !entry.updates.contains(update) else { continue }
            entry.updates.append(update)
            entry.updates.sort { $0.body.lexicographicallyPrecedes($1.body) }
        }
        held[key] = entry
        truthDigest.update(key, from: before?.hash, to: summary(of: key)?.hash)
    }
}

/// Two nodes that exchange dossiers over streams that neither lose nor delay.
struct Pair {
    static let ids = [NodeID(Bytes16(high: 1, low: 0)), NodeID(Bytes16(high: 2, low: 0))]

    var archives = [Archive(), Archive()]
    var syncs = [TruthSync(), TruthSync()]
    var generators = [SeededGenerator(seed: 1), SeededGenerator(seed: 2)]
    var now = Instant(nanoseconds: 3_600_000_000_000)
    /// Frames that still go through; the stream breaks at the next one.
    var framesUntilBreak: Int?
    /// No stream can be opened.
    var isCut = false

    var finished: [(node: Int, openedByUs: Bool, news: Int)] = []
    /// Of each exchange, as its opener saw it.
    var wholes: [Bool] = []
    var failed: [(node: Int, openedByUs: Bool)] = []
    var opened: [Instant] = []
    var receivedCount = [0, 0]
    var byteCount = [0, 0]
    private var streamsCount: UInt32 = 0

    mutating func tellDigest(of other: Int, to node: Int) {
        syncs[node].compare(
            archives[other].truthDigest.root, of: Self.ids[other],
            with: archives[node].truthDigest.root, inStorm: false, now: now,
            using: &generators[node])
        settle()
    }

    mutating func force(_ node: Int) {
        _ = syncs[node].force(Self.ids[1 - node], now: now)
        settle()
    }

    /// A second passes and each has pinged the other.
    mutating func run(seconds: Int) {
        for _ in 0..<seconds * 2 {
            now = now + .milliseconds(500)
            tellDigest(of: 1, to: 0)
            tellDigest(of: 0, to: 1)
        }
    }

    private mutating func handle(_ event: ForeignStreamEvent, on stream: StreamID, at node: Int) {
        syncs[node].handle(
            event, on: stream, from: event == .opened ? nil : Self.ids[1 - node],
            source: archives[node], now: now, using: &generators[node])
    }

    private mutating func settle() {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            for node in 0..<2 {
                while let effect = syncs[node].popEffect() {
                    isQuiet = false
                    perform(effect, of: node)
                }
            }
        }
    }

    private mutating func perform(_ effect: TruthSync.Effect, of node: Int) {
        switch effect {
        case .open:
            opened.append(now)
            streamsCount += 1
            let stream = isCut ? nil : StreamID(streamsCount)
            syncs[node].handle(opened: stream, to: Self.ids[1 - node], now: now)
            if let stream { handle(.opened, on: stream, at: node) }
        case .write(let kind, let body, let stream):
            if let left = framesUntilBreak {
                guard left > 0 else {
                    handle(.closed, on: stream, at: 0)
                    return handle(.closed, on: stream, at: 1)
                }
                framesUntilBreak = left - 1
            }
            byteCount[node] += body.count
            handle(.frame(kind: kind, body: body), on: stream, at: 1 - node)
        case .close: break
        case .received(let key, let updates, _):
            receivedCount[node] += 1
            if !archives[node].isStubborn { archives[node].merge(key, updates) }
        case .finished(_, let isOurs, let news, let isWhole):
            finished.append((node, isOurs, news))
            if isOurs { wholes.append(isWhole) }
        case .failed(_, let isOurs): failed.append((node, isOurs))
        }
    }

    var isAgreed: Bool { archives[0].truthDigest == archives[1].truthDigest }
}
