import Glibc
package import MeshCore

/// What this machine says of itself.
package enum Machine {
    /// The environment of this process. Entries that are not UTF-8 are left out: no value of the
    /// configuration can hold them.
    package static var environment: [String: String] {
        var variables: [String: String] = [:]
        // The list is the process's own, ends with a null pointer, and nobody changes it: this
        // program calls neither setenv nor putenv.
        unsafe withUnsafeMutablePointer(to: &environ) { list in
            var entry = unsafe list.pointee
            while let text = unsafe entry.pointee {
                // Each entry is a C string of the process's own.
                if let pair = unsafe String(validatingCString: text),
                    let equals = pair.firstIndex(of: "=")
                {
                    variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
                }
                unsafe entry += 1
            }
        }
        return variables
    }

    package static var hostName: String? {
        var name = [CChar](repeating: 0, count: 256)
        // Writes at most one byte less than the array has, so that a zero always ends it.
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }

    /// From which address this machine would send to `peer`, or, without one, to the world. Nothing
    /// is sent: connecting a datagram socket only asks the routing table.
    package static func sourceAddress(
        towards peer: SocketAddress?, isIPv4: Bool
    ) -> SocketAddress? { nil }
}
