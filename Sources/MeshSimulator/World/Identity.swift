package import MeshCore

/// A key that has run somewhere in this world. A process that loses its disk becomes another
/// identity; a clone shares one.
package struct Identity: Sendable, Hashable {
    package let number: Int
    package let id: NodeID
    package let key: PublicKey
    package let name: Label
}

/// All keys ever made in a world, by number and by id.
package struct IdentityTable: Sendable {
    package private(set) var all: [Identity] = []
    /// Only looked up, never walked.
    private var numberByID: [NodeID: Int] = [:]

    mutating func number(of key: PublicKey, name: Label, using cryptography: FakeCryptography)
        -> Int
    {
        let id = NodeID(of: key, using: cryptography)
        if let known = numberByID[id] { return known }
        let number = all.count
        all.append(Identity(number: number, id: id, key: key, name: name))
        numberByID[id] = number
        return number
    }

    package func number(of id: NodeID) -> Int? { numberByID[id] }
}
