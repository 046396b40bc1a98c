import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// The digest of all that nodes must agree on about checks, kept in step with the parts that hold
/// it: what verdicts and notices hold about one check is one dossier, a record is one of its own,
/// and the mesh's birth is one.
struct DossierDesk: Sendable {
    private(set) var digest = TruthDigest()
    private var hashes: [Bytes16: Parts] = [:]
    private var keysByBucket = [[Bytes16]](repeating: [], count: TruthDigest.bucketCount)

    private struct Parts: Sendable {
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
        let old = hashes[key]
        var parts = old ?? Parts()
        edit(&parts)
        guard parts.hash != old?.hash else { return }
        digest.update(key, from: old?.hash, to: parts.hash)
        if parts.hash == nil {
            hashes[key] = nil
            keysByBucket[TruthDigest.bucket(of: key)].removeAll { $0 == key }
        } else {
            if old == nil { keysByBucket[TruthDigest.bucket(of: key)].append(key) }
            hashes[key] = parts
        }
    }

    func keys(inBucket bucket: Int) -> [Bytes16] { keysByBucket[bucket] }
    func hash(of key: Bytes16) -> UInt64? { hashes[key]?.hash }

    /// Bytes held for each check.
    var storageByteCount: Int { hashes.count * 64 }
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
