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
    private var numberByName: [Label: Int] = [:]
    private var nameNumbers: [Int] = []

    mutating func number(of key: PublicKey, name: Label, using cryptography: FakeCryptography)
        -> Int
    {
        let id = NodeID(of: key, using: cryptography)
        if let known = numberByID[id] { return known }
        let number = all.count
        all.append(Identity(number: number, id: id, key: key, name: name))
        numberByID[id] = number
        let nameNumber = numberByName[name] ?? numberByName.count
        numberByName[name] = nameNumber
        nameNumbers.append(nameNumber)
        return number
    }

    package func number(of id: NodeID) -> Int? { numberByID[id] }
    /// Which of the world's names an identity bears: equal for a key and the one that replaced it.
    package func nameNumber(of identity: Int) -> Int { nameNumbers[identity] }
}
