package import MeshChecks
package import MeshCore

/// A way to reach people: H("contact", mesh, name).
package struct ContactID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(named name: CheckName, in mesh: MeshID, using cryptography: any Cryptography) {
        var hash = TaggedHash("contact")
        hash.combine(mesh.bytes)
        hash.combine(Array(name.text.utf8))
        bytes = hash.finalize(using: cryptography)
    }
}
