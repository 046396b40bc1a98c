import MeshChecks
import MeshCore

extension Section {
    func ipVersion() -> IPVersion? {
        guard let number = integer("force_ip", in: 0...Int(UInt8.max)) else { return nil }
        guard let version = IPVersion(rawValue: UInt8(number)) else {
            complain("force_ip", "\(number) is neither 4 nor 6")
            return nil
        }
        return version
    }

    /// Complains where `host` is an address of the other kind.
    func refuse(_ version: IPVersion?, for host: String, _ key: String) {
        guard let version, let literal = SocketAddress(numericHost: host, port: 0),
            literal.isIPv4 != (version == .four)
        else { return }
        complain("force_ip", "\(key) is an address of the other kind: leave it out")
    }
}
