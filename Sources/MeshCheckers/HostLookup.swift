import MeshChecks
import MeshCore
import MeshPlatform
import MeshResolver

extension AddressFamily {
    init(_ version: IPVersion?) {
        self =
            switch version {
            case nil: .any
            case .four: .v4
            case .six: .v6
            }
    }
}

extension Resolver {
    /// The addresses of a name, or the one that `host` is already; at `deadline` at the latest.
    /// `use` may be called before this returns. Answers how to take it back, where that would
    /// change anything.
    func addresses(
        of host: String, port: UInt16, version: IPVersion?, deadline: Instant,
        _ use: @escaping (Result<[SocketAddress], ResolveError>) -> Void
    ) -> (() -> Void)? {
        if let literal = SocketAddress(numericHost: host, port: port) {
            use(.success([literal]))
            return nil
        }
        let family = AddressFamily(version)
        if let known = known(host, port: port, family: family) {
            use(known)
            return nil
        }
        let lookup = resolve(host, port: port, family: family, deadline: deadline, use)
        return { [weak self] in self?.cancel(lookup) }
    }
}
