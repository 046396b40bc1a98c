import MeshCore
import MeshNotices

/// Receipts, records, claims and their answers; the first byte says which.
enum Target: FuzzTarget {
    static let seeds: [[UInt8]] =
        Seeds.receipts.map { [0] + $0.encoded(signature: Seeds.signature) }
        + Seeds.records.map { [1] + $0.encoded(signature: Seeds.signature) }
        + Seeds.claimsToSend.map { [2] + $0.update().body }
        + Seeds.claimAnswers.map { [3] + $0.update().body }

    static func run(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        let encoded: [UInt8]
        switch kind & 3 {
        case 0:
            guard let (receipt, signature) = try? Receipt.decode(body, using: Seeds.cryptography)
            else { return }
            encoded = receipt.encoded(signature: signature)
        case 1:
            guard let (record, signature) = try? Record.decode(body, using: Seeds.cryptography)
            else { return }
            encoded = record.encoded(signature: signature)
        case 2:
            guard let claim = try? Claim.decode(body) else { return }
            encoded = claim.update().body
        default:
            guard let answer = try? ClaimAnswer.decode(body) else { return }
            encoded = answer.update().body
        }
        precondition(encoded == body, "expected the one encoding")
        precondition(encoded.count <= Update.byteCountMax, "expected it to fit a datagram")
    }
}
