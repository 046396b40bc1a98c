import MeshChecks
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshNotices

/// Who and what the stories are about.
enum Names {
    static let cryptography = StubCryptography()
    static let mesh = MeshID(named: label("m"), using: cryptography)
    static let check = CheckID(Bytes16(high: 7, low: 7))
    static let meshCheck = CheckID(Bytes16(high: 9, low: 9))
    static let oncall = ContactID(Bytes16(high: 1, low: 1))
    static let chat = ContactID(Bytes16(high: 2, low: 2))
    static let birth = Birth(Bytes16(high: 50, low: 0))

    static func label(_ text: String) -> Label {
        guard let label = Label(text) else { preconditionFailure("expected a label") }
        return label
    }

    /// In the order of their nodes' ids.
    private static let keys = (0..<64 as Range<UInt64>)
        .map { PublicKey(Bytes32(high: Bytes16(high: $0, low: 1), low: .zero)) }
        .sorted { NodeID(of: $0, using: cryptography) < NodeID(of: $1, using: cryptography) }

    static func key(_ number: Int) -> PublicKey { keys[number] }

    static func node(_ number: Int) -> NodeID { NodeID(of: key(number), using: cryptography) }

    static func flip(_ number: UInt64) -> FlipID { FlipID(Bytes16(high: 100 + number, low: 0)) }
}
