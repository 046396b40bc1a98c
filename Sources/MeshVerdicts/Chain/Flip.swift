package import MeshChecks
package import MeshCore

/// A certified change of a check's state: what a certificate proves.
package struct Flip: Sendable, Hashable {
    package var id: FlipID
    package var check: CheckID
    package var definition: DefinitionID
    package var birth: Birth
    package var parent: FlipID
    /// The number of the check's flips up to this one; the first is 1.
    package var epoch: UInt32
    package var state: TargetState

    package init(
        check: CheckID, definition: DefinitionID, birth: Birth, parent: FlipID, epoch: UInt32,
        state: TargetState, in mesh: MeshID, using cryptography: any Cryptography
    ) {
        id = FlipID(
            in: mesh, check: check, definition: definition, epoch: epoch, parent: parent,
            state: state, using: cryptography)
        self.check = check
        self.definition = definition
        self.birth = birth
        self.parent = parent
        self.epoch = epoch
        self.state = state
    }

    /// Of two flips of one check, whether this one is where its chain goes on: the lower birth,
    /// then the higher epoch, then the worse state, then the lower id.
    package func prevails(over other: Flip) -> Bool {
        if birth != other.birth { return birth < other.birth }
        if epoch != other.epoch { return epoch > other.epoch }
        if state != other.state { return state > other.state }
        return id < other.id
    }

    /// The number of the flip after this one. The last there is stays the last: nobody can sign
    /// about it.
    package var nextEpoch: UInt32 { epoch == .max ? .max : epoch + 1 }

    /// Whether this flip and `other` can both be what honest nodes have certified: a parent has one
    /// epoch, and its children the next.
    func fitsBeside(_ other: Flip) -> Bool {
        guard birth == other.birth else { return true }
        if parent == other.id { return epoch == other.nextEpoch }
        if other.parent == id { return other.epoch == nextEpoch }
        return parent != other.parent || epoch == other.epoch
    }
}
