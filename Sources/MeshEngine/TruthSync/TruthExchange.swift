import MeshCore

/// One exchange of dossiers with one node, seen from one side. It says what is owed next; a frame
/// out of order, beyond a bound or about what was not asked for is an error, which ends the stream.
struct TruthExchange: Sendable {
    enum Stage: Sendable {
        /// Opened by us; the stream is not open yet.
        case connecting
        /// We have sent our buckets.
        case awaitingSummaries
        /// The peer's buckets are answered with summaries.
        case awaitingWants
        /// All that we owe is sent.
        case awaitingDossiers
    }

    let node: NodeID
    let isOpenedByUs: Bool
    var stage: Stage
    /// What this exchange is about.
    private(set) var buckets = BucketSet()
    private var theirs: [DossierSummary] = []
    private var summariesCount = 0
    /// What the peer may send: the keys that we asked it for. The accepter asks for none and takes
    /// what is in the buckets.
    private var wanted: Set<Bytes16> = []
    private var keysReceived: Set<Bytes16> = []
    private var bytesReceived = 0
    /// Differences that no earlier exchange had.
    var freshDifferencesCount = 0

    var keysReceivedCount: Int { keysReceived.count }

    /// Whether the opener has got all that it asked for, and was told of all that there is: a peer
    /// that tells of near 2,000 dossiers may have more.
    var isWhole: Bool {
        isOpenedByUs && keysReceived.count == wanted.count
            && summariesCount <= DossierPacker.keysMax / 2
    }

    init(with node: NodeID, isOpenedByUs: Bool) {
        self.node = node
        self.isOpenedByUs = isOpenedByUs
        stage = isOpenedByUs ? .connecting : .awaitingWants
    }

    // MARK: The accepter

    /// What differs, as far as one exchange goes: whole buckets, from a random one on, so that what
    /// will never agree cannot keep the rest from its turn.
    mutating func answer(
        _ digests: [UInt64], from source: some DossierSource,
        using generator: inout SeededGenerator
    ) -> [TruthFrame] {
        let differing = source.truthDigest.difference(from: digests).buckets
        let start = differing.isEmpty ? 0 : generator.index(below: differing.count)
        var summaries: [DossierSummary] = []
        for bucket in differing[start...] + differing[..<start] {
            let more = source.summaries(inBucket: bucket)
            guard summaries.isEmpty || summaries.count + more.count <= DossierPacker.keysMax
            else { break }
            summaries += more.prefix(DossierPacker.keysMax)
            buckets.insert(bucket)
        }
        return TruthFrame.frames(of: summaries, in: buckets)
    }

    /// The dossiers asked for, as many as one exchange moves.
    func answer(wants keys: [Bytes16], from source: some DossierSource) -> [TruthFrame] {
        var packer = DossierPacker()
        for key in keys {
            if !packer.add(Dossier(key: key, updates: source.dossier(of: key))) { break }
        }
        return packer.finish() + [.end]
    }

    func check(wants keys: [Bytes16]) throws(DecodeError) {
        guard keys.count <= DossierPacker.keysMax else { throw .tooLarge }
        for key in keys where !buckets.contains(TruthDigest.bucket(of: key)) { throw .invalid }
    }

    // MARK: The opener

    /// Takes what the peer says it holds. True after the last of it.
    mutating func take(
        _ summaries: [DossierSummary], of buckets: BucketSet, isLast: Bool, isFirst: Bool
    ) throws(DecodeError) -> Bool {
        guard isFirst || buckets == self.buckets else { throw .invalid }
        self.buckets = buckets
        guard theirs.count + summaries.count <= DossierPacker.keysMax else { throw .tooLarge }
        for summary in summaries where !buckets.contains(TruthDigest.bucket(of: summary.key)) {
            throw .invalid
        }
        theirs += summaries
        summariesCount += summaries.count
        return isLast
    }

    var hasSummaries: Bool { !theirs.isEmpty || buckets != BucketSet() }

    /// What the opener says once it knows how the two differ: what it wants, and what it has.
    /// `isKnown` is told each difference once, and says whether an earlier exchange had it.
    mutating func settle(
        from source: some DossierSource, using generator: inout SeededGenerator,
        isKnown: (UInt64) -> Bool
    ) throws(DecodeError) -> [TruthFrame] {
        var held: [Bytes16: DossierSummary] = [:]
        for summary in theirs {
            guard held.updateValue(summary, forKey: summary.key) == nil else { throw .invalid }
        }
        var own: [Bytes16: DossierSummary] = [:]
        var ours: [DossierSummary] = []
        for bucket in buckets.buckets { ours += source.summaries(inBucket: bucket) }
        for summary in ours { own[summary.key] = summary }

        func note(_ key: Bytes16) -> Bool {
            let difference = StableHash.of(
                key.high, key.low, own[key]?.hash ?? 0, held[key]?.hash ?? 0)
            return !isKnown(difference)
        }
        var wants: [Bytes16] = []
        for summary in theirs {
            let mine = own[summary.key]
            guard mine != summary else { continue }
            if note(summary.key) { freshDifferencesCount += 1 }
            if mine.map({ summary.epoch >= $0.epoch }) ?? true { wants.append(summary.key) }
        }
        var offers: [Bytes16] = []
        for summary in ours {
            guard let other = held[summary.key] else {
                if note(summary.key) { freshDifferencesCount += 1 }
                offers.append(summary.key)
                continue
            }
            if other != summary, summary.epoch >= other.epoch { offers.append(summary.key) }
        }
        wanted = Set(wants)
        theirs = []
        var packer = DossierPacker()
        let start = offers.isEmpty ? 0 : generator.index(below: offers.count)
        for key in offers[start...] + offers[..<start] {
            if !packer.add(Dossier(key: key, updates: source.dossier(of: key))) { break }
        }
        return [.wants(wants)] + packer.finish() + [.end]
    }

    // MARK: Both

    mutating func take(_ dossiers: [Dossier], byteCount: Int) throws(DecodeError) {
        bytesReceived += byteCount
        for dossier in dossiers {
            let isExpected =
                isOpenedByUs
                ? wanted.contains(dossier.key)
                : buckets.contains(TruthDigest.bucket(of: dossier.key))
            guard isExpected else { throw .invalid }
            keysReceived.insert(dossier.key)
        }
        guard keysReceived.count <= DossierPacker.keysMax,
            bytesReceived <= DossierPacker.byteCountMax + Update.streamedByteCountMax
        else { throw .tooLarge }
    }
}
