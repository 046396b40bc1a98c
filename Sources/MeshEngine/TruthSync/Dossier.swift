package import MeshCore

/// What a node holds about one key, mostly a check: its certified flip, the stances of its owners,
/// the states of its notices. Anti-entropy moves it whole and knows nothing of what is in it.
package struct Dossier: Sendable, Hashable {
    package var key: Bytes16
    package var updates: [Update]

    package init(key: Bytes16, updates: [Update]) {
        self.key = key
        self.updates = updates
    }
}

/// A dossier in 34 bytes at most.
package struct DossierSummary: Sendable, Hashable {
    package var key: Bytes16
    /// Of the certified flip. Who has a lower one has nothing to teach: its stances are about a
    /// flip that is past.
    package var epoch: UInt64
    /// Of everything in the dossier.
    package var hash: UInt64

    package init(key: Bytes16, epoch: UInt64, hash: UInt64) {
        self.key = key
        self.epoch = epoch
        self.hash = hash
    }
}

/// Whoever holds the dossiers. Anti-entropy reads them here and keeps none.
package protocol DossierSource {
    var truthDigest: TruthDigest { get }
    /// In the ascending order of their keys.
    func summaries(inBucket bucket: Int) -> [DossierSummary]
    /// All that is told of a key; empty if nothing is held (any more).
    func dossier(of key: Bytes16) -> [Update]
}
