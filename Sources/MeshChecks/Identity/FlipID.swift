package import MeshCore

/// Which certified change of state, or, as the first parent of a chain, its genesis.
///
/// The signers are left out on purpose: nodes that mint independently name the same flip.
package struct FlipID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    /// H("flip", mesh, check, definition, epoch, parent, state).
    package init(
        in mesh: MeshID, check: CheckID, definition: DefinitionID, epoch: UInt32, parent: FlipID,
        state: TargetState, using cryptography: any Cryptography
    ) {
        var hash = TaggedHash("flip")
        hash.combine(mesh.bytes)
        hash.combine(check.bytes)
        hash.combine(definition.bytes)
        hash.combine(UInt64(epoch))
        hash.combine(parent.bytes)
        hash.combine(UInt64(state.rawValue))
        bytes = hash.finalize(using: cryptography)
    }

    /// H("genesis", mesh, check, birth): the parent of a check's first flip.
    package init(
        genesisOf check: CheckID, in mesh: MeshID, birth: Birth,
        using cryptography: any Cryptography
    ) {
        var hash = TaggedHash("genesis")
        hash.combine(mesh.bytes)
        hash.combine(check.bytes)
        hash.combine(birth.bytes)
        bytes = hash.finalize(using: cryptography)
    }
}

/// When a mesh began to decide: eight bytes of wall-clock milliseconds and eight random ones, made
/// by the first settled node of a mesh without one. The lowest always wins.
package struct Birth: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(at time: WallTime, random: UInt64) {
        bytes = Bytes16(high: time.milliseconds, low: random)
    }
}
