import MeshChecks
import MeshCore

/// Certificates that this node has heard of, that no datagram holds, and who has them: fetched by
/// an exchange of dossiers at once, where anti-entropy would wait for digests to stay apart.
///
/// A moment passes before it asks: most nodes mint the same flip from the same verdicts. One exchange
/// brings all that its peer holds, so that many flips at once cost one stream.
///
/// Bound: `wantsMax` checks and `holdersMax` nodes for each; of more, anti-entropy brings them.
struct FetchList: Sendable {
    static let wantsMax = 4_096
    static let holdersMax = 16
    /// How often one holder is asked that refuses, or is cut off.
    private static let triesMax = 4
    /// Who was asked for a flip in vain; the oldest is forgotten, and asked once more.
    private static let vainMax = 1_024
    private static let moment = TimeSpan.milliseconds(200)
    private static let pause = TimeSpan.milliseconds(400)

    struct News: Sendable, Hashable {
        var flip: FlipID
        var check: CheckID
        var epoch: UInt32
    }

    private struct Want: Sendable {
        var news: News
        /// Not asked in vain yet, in the order in which they told.
        var holders: [NodeID]
        var due: Instant
        var tries = 0
    }

    /// In the order in which they were first heard of.
    private var wants: [Want] = []
    private var places: [CheckID: Int] = [:]
    private var vain: [(flip: FlipID, node: NodeID)] = []

    var isEmpty: Bool { wants.isEmpty }
    var count: Int { wants.count }
    /// When the next one is to be asked for.
    var nextDue: Instant? { wants.map(\.due).min() }

    /// `holder` has told of a certificate that is not held here.
    mutating func note(_ news: News, heldBy holder: NodeID, now: Instant) {
        guard !vain.contains(where: { $0.flip == news.flip && $0.node == holder }) else { return }
        guard let place = places[news.check] else {
            guard wants.count < Self.wantsMax else { return }
            places[news.check] = wants.count
            return wants.append(
                Want(news: news, holders: [holder], due: now + Self.moment))
        }
        if news.epoch > wants[place].news.epoch {
            wants[place].news = news
            wants[place].holders = [holder]
            wants[place].tries = 0
        } else if news.flip == wants[place].news.flip,
            wants[place].holders.count < Self.holdersMax,
            !wants[place].holders.contains(holder)
        {
            wants[place].holders.append(holder)
        }
    }

    /// Whom to ask now. What `isHeld` says has come is forgotten, and so is what nobody who told of
    /// it can be asked for any more.
    mutating func next(
        now: Instant, isHeld: (News) -> Bool, isReachable: (NodeID) -> Bool
    ) -> NodeID? {
        keep { !isHeld($0.news) && $0.holders.contains(where: isReachable) }
        for want in wants where want.due <= now {
            if let holder = want.holders.first(where: isReachable) { return holder }
        }
        return nil
    }

    /// An exchange with `node` has ended: what it did not bring, or what was not believed yet of one
    /// alone, another may bring.
    mutating func note(endOf node: NodeID, hasFailed: Bool, now: Instant, isHeld: (News) -> Bool) {
        keep { !isHeld($0.news) }
        for place in wants.indices where wants[place].holders.contains(node) {
            wants[place].tries += hasFailed ? 1 : 0
            wants[place].holders.removeAll { $0 == node }
            if !hasFailed || wants[place].tries >= Self.triesMax {
                wants[place].tries = 0
                if vain.count == Self.vainMax { vain.removeFirst() }
                vain.append((wants[place].news.flip, node))
            } else {
                // The others first; a busy node is asked again later.
                wants[place].holders.append(node)
            }
            wants[place].due = now + Self.pause
        }
        keep { !$0.holders.isEmpty }
    }

    private mutating func keep(_ isKept: (Want) -> Bool) {
        guard !wants.allSatisfy(isKept) else { return }
        wants = wants.filter(isKept)
        places = [:]
        for (place, want) in wants.enumerated() { places[want.news.check] = place }
    }
}

extension FetchList.News {
    /// What is told of a certificate that no datagram holds: the first fields of its encoding.
    ///
    ///     flip id 16 | check 16 | epoch v
    var update: Update {
        var writer = ByteWriter(reservingCapacity: 40)
        writer.write(flip.bytes)
        writer.write(check.bytes)
        writer.writeVarint(UInt64(epoch))
        return Update(kind: UpdateKind.flipNews, body: writer.bytes)
    }

    static func decode(_ body: [UInt8]) throws(DecodeError) -> FetchList.News {
        var reader = ByteReader(body)
        let news = FetchList.News(
            flip: FlipID(try reader.readBytes16()), check: CheckID(try reader.readBytes16()),
            epoch: try reader.readVarint32())
        try reader.requireEnd()
        return news
    }
}
