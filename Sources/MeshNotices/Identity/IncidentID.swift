package import MeshChecks
package import MeshCore

/// H("incident", check, the flip away from up): one from the flip away from up to the flip back.
/// Mail threads and providers' dedup keys use it, so a recovery carries its outage's.
package struct IncidentID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(of check: CheckID, beginning flip: FlipID, using cryptography: any Cryptography) {
        var hash = TaggedHash("incident")
        hash.combine(check.bytes)
        hash.combine(flip.bytes)
        bytes = hash.finalize(using: cryptography)
    }
}
