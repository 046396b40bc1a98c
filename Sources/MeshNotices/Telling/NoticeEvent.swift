package import MeshCore

/// What telling tells the rest of the node, and people.
package enum NoticeEvent: Sendable, Hashable {
    case changed(NoticeView)
    /// Two different signed statements for one sequence number: proof that the node misbehaves.
    case equivocated(NodeID, first: [UInt8], second: [UInt8])
    /// A record has become the one that counts for its subject.
    case recorded(Record)
    /// A bound of `NoticeBounds` was reached; what it says there was dropped.
    case refused(NoticeBound)
}

/// Which bound was reached.
package enum NoticeBound: UInt8, Sendable, Hashable, CaseIterable {
    case notices, receipts, claims, signatures, records, topics
}
