import Glibc

/// Whose fault it is that a look failed. A node that could not look says nothing about the target:
/// its own dead uplink must never take somebody else's website down.
package enum Blame: Sendable, Hashable {
    /// The target refused, was silent, or answered wrongly.
    case target
    /// This machine has no descriptor, memory, port or route to look with.
    case ownResources
    /// This machine's name servers answer nothing at all, whatever the name.
    case ownResolver

    /// Judges what `socket` or `connect` left in `errno`.
    ///
    /// "No route to host" stays with the target: on one's own network it is what a dead host looks
    /// like, since nobody answers for its address, while a machine without an uplink has no route
    /// at all and reads "network is unreachable".
    package init(systemError code: CInt) {
        self =
            switch code {
            case ENETUNREACH, ENETDOWN, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, EADDRNOTAVAIL,
                EACCES, EPERM, EAFNOSUPPORT, EAGAIN:
                .ownResources
            default: .target
            }
    }
}
