import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// The digest of all that nodes must agree on about checks, kept in step with the parts that hold
/// it: what verdicts and notices hold about one check is one dossier, a record is one of its own,
/// and the mesh's birth is one.
struct DossierDesk: Sendable {
    private(set) var digest = TruthDigest()
    /// As the digest has it.
    private var birth: UInt64 = 0
    /// Few in each bucket, in the order in which they came; a dictionary beside them would cost as
    /// much again as they do.
    private var buckets = [[Parts]](repeating: [], count: TruthDigest.bucketCount)

    private struct Parts: Sendable {
        let key: Bytes16
        var verdicts: UInt64 = 0
        var notices: UInt64 = 0

        var hash: UInt64? {
            verdicts == 0 && notices == 0 ? nil : StableHash.of(verdicts, notices)
        }
    }

    /// Where the mesh's birth is kept: a key that no check's hash will be.
    static let birthKey = Bytes16(high: 0, low: 0)

    /// Items of the verdicts' own among those that were stored.
    static func isVerdicts(_ item: StoredItem) -> Bool {
        item.key.first == UInt8(ascii: "c") || item.key.first == UInt8(ascii: "b")
    }

    mutating func setVerdicts(_ hash: UInt64, of key: Bytes16) {
        change(key) { $0.verdicts = hash }
    }

    /// The hash of the mesh's birth, or 0 while it has none.
    mutating func setBirth(_ hash: UInt64) {
        guard hash != birth else { return }
        birth = hash
        setVerdicts(hash, of: Self.birthKey)
    }

    mutating func setNotices(_ hash: UInt64, of key: Bytes16) {
        change(key) { $0.notices = hash }
    }

    mutating func restore(from notices: Notices) {
        for check in notices.checksWithDossier {
            setNotices(notices.dossierHash(of: check), of: check.bytes)
        }
        for subject in notices.subjectsWithDossier {
            setNotices(notices.dossierHash(of: subject), of: subject.bytes)
        }
    }

    private mutating func change(_ key: Bytes16, _ edit: (inout Parts) -> Void) {
        let bucket = TruthDigest.bucket(of: key)
        let place = buckets[bucket].firstIndex { $0.key == key }
        var parts = place.map { buckets[bucket][$0] } ?? Parts(key: key)
        let old = parts.hash
        edit(&parts)
        guard parts.hash != old else { return }
        digest.update(key, from: old, to: parts.hash)
        switch (place, parts.hash) {
        case (nil, _):
            // By an eighth: doubled buckets would be half empty, in every one of 256.
            let count = buckets[bucket].count
            if count == buckets[bucket].capacity {
                buckets[bucket].reserveCapacity(count + count / 8 + 1)
            }
            buckets[bucket].append(parts)
        case (let place?, nil): buckets[bucket].remove(at: place)
        case (let place?, _): buckets[bucket][place] = parts
        }
    }

    func keys(inBucket bucket: Int) -> [Bytes16] { buckets[bucket].map(\.key) }
    func hash(of key: Bytes16) -> UInt64? {
        buckets[TruthDigest.bucket(of: key)].first { $0.key == key }?.hash
    }

    /// Bytes held for all dossiers.
    var storageByteCount: Int {
        buckets.reduce(0) {
            $0 + 8 + ($1.capacity == 0 ? 0 : 32 + $1.capacity * MemoryLayout<Parts>.stride)
        }
    }
}

/// The node's dossiers as an exchange reads them.
struct NodeDossiers: DossierSource {
    let desk: DossierDesk
    let verdicts: Verdicts
    let notices: Notices

    var truthDigest: TruthDigest { desk.digest }

    func summaries(inBucket bucket: Int) -> [DossierSummary] {
        desk.keys(inBucket: bucket).compactMap { key in
            desk.hash(of: key).map { hash in
                DossierSummary(
                    key: key, epoch: UInt64(verdicts.epoch(of: CheckID(key))), hash: hash)
            }
        }
    }

    func dossier(of key: Bytes16) -> [Update] {
        if key == DossierDesk.birthKey { return verdicts.birth.map { [$0.update()] } ?? [] }
        return verdicts.dossier(of: CheckID(key)) + notices.dossier(of: CheckID(key))
            + notices.dossier(of: RecordSubject(key))
    }
}
