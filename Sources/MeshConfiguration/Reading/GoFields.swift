import MeshCore

/// The members of an object as Go's library finds them: keys in any case, the last of several
/// counts, and null is as if it were not there.
struct GoFields {
    private let byKey: [String: JSONNode]

    init(_ members: [JSONMember]) {
        byKey = Dictionary(
            members.map { ($0.key.lowercased(), $0.node) }, uniquingKeysWith: { _, last in last })
    }

    /// Expects a key in small letters.
    subscript(key: String) -> JSONNode? {
        guard let node = byKey[key] else { return nil }
        if case .null = node.value { return nil }
        return node
    }

    /// Where the value stands, null included.
    func offset(of key: String) -> Int? { byKey[key]?.offset }
}
