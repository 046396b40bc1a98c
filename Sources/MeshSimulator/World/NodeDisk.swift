import MeshEngine
import MeshMembership

extension Node {
    /// What the shell would have written down of whom this node knows.
    var entriesForDisk: [MemberEntry] { entriesToStore }
}
