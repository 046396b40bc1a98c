/// Bounds of telling, and what happens at each. All nodes have the same, so that what they keep at a
/// bound is the same, and digests agree.
package struct NoticeBounds: Sendable {
    /// Notices on their way at once. A further one waits until another is over; it is reported.
    package var noticesMax = 65_536
    /// Lines (check and contact) with receipts. At the bound the oldest, by their own time, gives
    /// way of those that no route of this node names; one that is older than all these is refused.
    package var ledgerMax = 131_072
    /// Failures kept for one notice, the latest of each node. The highest node's is not kept.
    package var failuresMax = 32
    /// Lines with claims of others. A further claim gets no answer: its sender waits 150 ms.
    package var claimedLinesMax = 65_536
    /// Claims of others on one line. A further one gets no answer.
    package var claimsPerLineMax = 16
    /// Attempts without an answer. Of the oldest a late *yes* makes no receipt.
    package var attemptsMax = 131_072
    /// Records that wait for their signature. A further one is not made. Receipts are bounded by the
    /// notices that they are of.
    package var signaturesMax = 65_536
    /// Subjects of records. At the bound the record of the oldest time gives way; one that is older
    /// than all is refused.
    package var recordsMax = 8_192
    /// Topics about the mesh. At the bound a further one is not told of.
    package var meshTopicsMax = 16_384

    package init() {}

    // What a statement may say: these are the wire's, and no two nodes may differ in them.

    /// Times round the ladder that are told apart: with the pauses between them, most of a year. A
    /// claim or receipt of a higher one is refused.
    package static let roundMax: UInt32 = 65_535
    /// How far a receipt may be ahead of the chain that is known here. One beyond is refused, and
    /// comes again with the chain.
    package static let epochsAheadMax: UInt64 = 1_024
    /// How far a record's revision may be above the highest seen of its subject, and where the first
    /// that is seen must end. One beyond is refused.
    package static let revisionsAheadMax: UInt64 = 1 << 32
    package static let firstRevisionEnd: UInt64 = 1 << 63
}
