package import MeshCore
package import MeshMembership

/// Anti-entropy of what nodes hold about checks: what gossip missed is found by comparing digests
/// and mended over a stream (design 6). It owns no data: dossiers are read from a `DossierSource`,
/// and what a peer sends comes out at once, frame by frame, so that a broken stream loses nothing.
///
/// Bound: one exchange opened at a time, `acceptedMax` by peers, one for each; 2,000 keys and 2 MiB
/// in each and either direction, the rest next time; `forcedMax` nodes waiting to be exchanged with.
package struct TruthSync: Sendable {
    /// A further peer's stream is closed; it comes again.
    package static let acceptedMax = 8
    /// A further node is refused.
    package static let forcedMax = 16
    /// Differences remembered, to tell which ones an exchange did not mend. At the bound all are
    /// forgotten: an exchange too many follows.
    private static let differencesMax = 16_384
    /// Nobody leaves this many untaken: an exchange brings at most 2,000 keys.
    private static let effectsMax = 65_536

    package enum Effect: Sendable, Hashable {
        /// Open a stream to this node and tell its number, or that there is none.
        case open(NodeID)
        case write(kind: UInt8, body: [UInt8], on: StreamID)
        case close(StreamID)
        /// A peer's dossier, or a part of one: merge it.
        case received(key: Bytes16, [Update], from: NodeID)
        /// `newsCount`: differing keys that no recent exchange had, if opened by us; keys of which
        /// something was received, if not. `isWhole`: it was opened by us, all that was asked for
        /// has come, and no bound can have left anything out.
        case finished(with: NodeID, openedByUs: Bool, newsCount: Int, isWhole: Bool)
        /// Refused, broken or against the rules. What was received counts.
        case failed(with: NodeID, openedByUs: Bool)
    }

    package struct Counters: Sendable, Hashable {
        /// Streams ended for what came over them.
        package var malformed = 0
        /// Peers' streams beyond the bound.
        package var refused = 0
        package init() {}
    }

    private var trigger = TruthTrigger()
    private var exchanges: [StreamID: TruthExchange] = [:]
    /// Whom an exchange by us is with, or about to be with.
    package private(set) var openedTo: NodeID?
    private var forced: [NodeID] = []
    private var differences: Set<UInt64> = []
    private var effects = BoundedQueue<Effect>(limit: effectsMax)
    package private(set) var counters = Counters()

    package init() {}

    package mutating func popEffect() -> Effect? { effects.popFirst() }

    /// Whether a stream's events are for this part. A stream that is nobody's yet is, if its first
    /// frame is of kind `TruthFrame.Kind.buckets`.
    package func owns(_ stream: StreamID) -> Bool { exchanges[stream] != nil }

    // MARK: When

    /// A member's digest came with a ping or an ack. `inStorm`: gossip cannot carry all there is.
    package mutating func compare(
        _ theirs: UInt64, of node: NodeID, with ours: UInt64, inStorm: Bool, now: Instant,
        using generator: inout SeededGenerator
    ) {
        let isDue = trigger.compare(
            theirs, of: node, with: ours, inStorm: inStorm, now: now, using: &generator)
        guard isDue, openedTo == nil else { return }
        open(node, now: now)
    }

    /// Exchanges with this node as soon as no other exchange is under way, differing or not; one of
    /// `finished` and `failed` follows. False if too many wait.
    @discardableResult
    package mutating func force(_ node: NodeID, now: Instant) -> Bool {
        guard openedTo != node, !forced.contains(node) else { return true }
        guard openedTo != nil else {
            open(node, now: now)
            return true
        }
        guard forced.count < Self.forcedMax else { return false }
        forced.append(node)
        return true
    }

    private mutating func open(_ node: NodeID, now: Instant) {
        openedTo = node
        trigger.noteOpened(now: now)
        effects.append(.open(node))
    }

    /// The answer to `open`: the stream, or `nil` if there is none.
    package mutating func handle(opened stream: StreamID?, to node: NodeID, now: Instant) {
        guard node == openedTo else { return }
        guard let stream else {
            effects.append(.failed(with: node, openedByUs: true))
            return endOwn(broughtNews: false, now: now)
        }
        exchanges[stream] = TruthExchange(with: node, isOpenedByUs: true)
    }

    private mutating func endOwn(broughtNews: Bool, now: Instant) {
        if let openedTo { trigger.noteEnded(with: openedTo, broughtNews: broughtNews, now: now) }
        openedTo = nil
        if !forced.isEmpty { open(forced.removeFirst(), now: now) }
    }

    // MARK: What happens to a stream

    /// `peer`: as membership hands it up, `nil` until it has said hello.
    package mutating func handle(
        _ event: ForeignStreamEvent, on stream: StreamID, from peer: NodeID?,
        source: some DossierSource, now: Instant, using generator: inout SeededGenerator
    ) {
        switch event {
        case .opened:
            guard exchanges[stream]?.stage == .connecting else { return }
            exchanges[stream]?.stage = .awaitingSummaries
            write(.buckets(source.truthDigest.buckets), on: stream)
        case .closed:
            fail(stream, now: now)
        case .frame(let kind, let body):
            guard let peer else { return }
            do throws(DecodeError) {
                guard let frame = try TruthFrame.decode(kind: kind, body: body) else { return }
                try take(
                    frame, byteCount: body.count, on: stream, from: peer, source: source, now: now,
                    using: &generator)
            } catch {
                counters.malformed += 1
                effects.append(.close(stream))
                fail(stream, now: now)
            }
        }
    }

    private mutating func take(
        _ frame: TruthFrame, byteCount: Int, on stream: StreamID, from peer: NodeID,
        source: some DossierSource, now: Instant, using generator: inout SeededGenerator
    ) throws(DecodeError) {
        guard var exchange = exchanges[stream] else {
            guard case .buckets(let digests) = frame else { throw .invalid }
            return accept(digests, on: stream, from: peer, source: source, using: &generator)
        }
        switch (frame, exchange.stage) {
        case (.summaries(let summaries, let buckets, let isLast), .awaitingSummaries):
            let isComplete = try exchange.take(
                summaries, of: buckets, isLast: isLast, isFirst: !exchange.hasSummaries)
            guard isComplete else { break }
            if differences.count > Self.differencesMax { differences = [] }
            var known = differences
            let owed = try exchange.settle(from: source, using: &generator) {
                !known.insert($0).inserted
            }
            differences = known
            exchange.stage = .awaitingDossiers
            for frame in owed { write(frame, on: stream) }
        case (.wants(let keys), .awaitingWants):
            try exchange.check(wants: keys)
            exchange.stage = .awaitingDossiers
            for frame in exchange.answer(wants: keys, from: source) { write(frame, on: stream) }
        case (.dossiers(let dossiers), .awaitingDossiers):
            try exchange.take(dossiers, byteCount: byteCount)
            for dossier in dossiers {
                effects.append(
                    .received(key: dossier.key, dossier.updates, from: exchange.node))
            }
        case (.end, .awaitingDossiers):
            return finish(stream, now: now)
        case (.buckets, _), (.summaries, _), (.wants, _), (.dossiers, _), (.end, _):
            throw .invalid
        }
        exchanges[stream] = exchange
    }

    private mutating func accept(
        _ digests: [UInt64], on stream: StreamID, from peer: NodeID, source: some DossierSource,
        using generator: inout SeededGenerator
    ) {
        let accepted = exchanges.values.filter { !$0.isOpenedByUs }
        guard accepted.count < Self.acceptedMax, !accepted.contains(where: { $0.node == peer })
        else {
            counters.refused += 1
            effects.append(.close(stream))
            return
        }
        var exchange = TruthExchange(with: peer, isOpenedByUs: false)
        for frame in exchange.answer(digests, from: source, using: &generator) {
            write(frame, on: stream)
        }
        exchanges[stream] = exchange
    }

    private mutating func write(_ frame: TruthFrame, on stream: StreamID) {
        effects.append(.write(kind: frame.kind, body: frame.body, on: stream))
    }

    // MARK: The end

    private mutating func finish(_ stream: StreamID, now: Instant) {
        guard let exchange = exchanges.removeValue(forKey: stream) else { return }
        effects.append(.close(stream))
        let isOurs = exchange.isOpenedByUs
        let newsCount = isOurs ? exchange.freshDifferencesCount : exchange.keysReceivedCount
        effects.append(
            .finished(
                with: exchange.node, openedByUs: isOurs, newsCount: newsCount,
                isWhole: exchange.isWhole))
        if isOurs { endOwn(broughtNews: newsCount > 0, now: now) }
    }

    private mutating func fail(_ stream: StreamID, now: Instant) {
        guard let exchange = exchanges.removeValue(forKey: stream) else { return }
        let isOurs = exchange.isOpenedByUs
        effects.append(.failed(with: exchange.node, openedByUs: isOurs))
        if isOurs { endOwn(broughtNews: exchange.keysReceivedCount > 0, now: now) }
    }
}
