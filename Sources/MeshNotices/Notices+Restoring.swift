import MeshCore

/// What a node finds on its disk when it starts.
extension Notices {
    /// Own disk is believed: no signature is verified again. What does not decode is left out, as
    /// if it had never been written; the others have it.
    mutating func restore(_ items: [StoredItem]) {
        for item in items {
            guard let value = item.value else { continue }
            if item.key.starts(with: StoredKey.told) || item.key.starts(with: StoredKey.failed) {
                guard let (receipt, _) = try? Receipt.decode(value, using: cryptography)
                else { continue }
                _ = ledger.merge(Signed(statement: receipt, body: value)) { _ in true }
            } else if item.key.starts(with: StoredKey.record) {
                guard let (record, _) = try? Record.decode(value, using: cryptography),
                    records.wants(record)
                else { continue }
                _ = records.keep(Signed(statement: record, body: value))
            } else if item.key.starts(with: StoredKey.claim) {
                // This node may have sent: it waits for a receipt before it goes on by the ladder.
                guard let claim = try? Claim.decode(value) else { continue }
                resumed[claim.line] = claim
            }
        }
    }
}
