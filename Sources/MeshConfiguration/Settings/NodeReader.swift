import MeshChecks
import MeshCore

/// Reads `node`, with the flags and the environment over it.
struct NodeReader {
    let context: ReadingContext
    let section: Section?
    let flags: NodeFlags

    static let bindDefault = SocketAddress(ipv4: 0, port: 7_946)
    static let httpDefault = SocketAddress(ipv4: 0x7F00_0001, port: 8_080)
    static let dataDefault = "/var/lib/checkmesh"
    static let dataByteCountMax = 1_024

    /// `peers` are where an advertised address is looked for.
    func read(_ peers: [HostPort]) -> NodeSettings? {
        let name = label(.name) ?? hostName()
        let zone = label(.zone) ?? Label("default")
        let bind = address(.bind, usualPort: nil) ?? Self.bindDefault
        let http = address(.http, usualPort: nil) ?? Self.httpDefault
        let data = data()
        let advertised = advertised(bind, peers)
        section?.finish()
        guard let name, let zone, let advertised else { return nil }
        return NodeSettings(
            name: name, zone: zone, bind: bind, advertised: advertised, http: http, data: data)
    }

    /// The text of a setting and the name of where it came from. An empty variable is none.
    private func given(_ setting: NodeSetting) -> PlacedText? {
        // Asked for in any case: a value in the file must be right even while a flag wins.
        let node = section?.node(setting.rawValue)
        let filed = section?.text(setting.rawValue)
        if let flag = setting.given(flags) {
            return PlacedText(text: flag, path: setting.flag, offset: nil)
        }
        if let value = context.sources.variable(setting.variable), !value.isEmpty {
            return PlacedText(text: value, path: setting.variable, offset: nil)
        }
        guard let filed, let section else { return nil }
        return PlacedText(
            text: filed, path: section.path(setting.rawValue), offset: node?.offset)
    }

    private func complain(_ given: PlacedText, _ message: String) {
        context.complain(given.path, message, at: given.offset)
    }

    private func label(_ setting: NodeSetting) -> Label? {
        guard let given = given(setting) else { return nil }
        if let label = Label(given.text) { return label }
        complain(given, "\"\(given.text)\" is no name: \(Label.rule)")
        return nil
    }

    /// Asked for after the name, so it is told only if there is none.
    private func hostName() -> Label? {
        let isGiven =
            flags.name != nil || section?.has("name") == true
            || context.sources.variable(NodeSetting.name.variable)?.isEmpty == false
        guard !isGiven else { return nil }
        if let host = context.sources.hostName, let label = Label(host) { return label }
        context.complain(
            "node.name",
            "is missing, and the host's name \"\(context.sources.hostName ?? "")\" is none that a"
                + " node can have: give --name", at: nil)
        return nil
    }

    private func address(_ setting: NodeSetting, usualPort: UInt16?) -> SocketAddress? {
        guard let given = given(setting) else { return nil }
        do throws(Complaint) {
            return try NumericAddress.read(given.text, usualPort: usualPort)
        } catch {
            complain(given, error.message)
            return nil
        }
    }

    private func advertised(
        _ bind: SocketAddress, _ peers: [HostPort]
    ) -> NodeSettings.Advertised? {
        if let given = given(.advertise) {
            guard let address = address(.advertise, usualPort: bind.port) else { return nil }
            guard !address.isUnspecifiedHost else {
                complain(given, "\(address) is nowhere that others can reach: write an address")
                return nil
            }
            return .address(address)
        }
        guard bind.isUnspecifiedHost else { return .address(bind) }
        let peer = peers.lazy.compactMap(\.literal).first
        let isIPv4 = peer?.isIPv4 ?? bind.isIPv4
        if let found = context.sources.sourceAddress(peer, isIPv4) {
            return .chosen(SocketAddress(host: found.host, port: bind.port))
        }
        context.complain(
            "node.advertise",
            "is missing: \(bind) does not say where others reach this node, and no network was"
                + " found to choose from: give --advertise ADDRESS", at: nil)
        return nil
    }

    private func data() -> String {
        guard let given = given(.data) else { return Self.dataDefault }
        guard (1...Self.dataByteCountMax).contains(given.text.utf8.count),
            !given.text.utf8.contains(0)
        else {
            complain(given, "is no folder: write a path of 1 to \(Self.dataByteCountMax) bytes")
            return Self.dataDefault
        }
        // A flag is relative to where it was typed, the file's text to the file.
        return given.offset == nil ? given.text : context.sources.resolved(given.text)
    }
}

extension Label {
    static let rule = "write 1 to \(byteCountMax) of a-z, A-Z, 0-9, \"-\", \"_\" and \".\""
}

extension SocketAddress {
    /// Every address of the machine: `0.0.0.0` or `::`.
    package var isUnspecifiedHost: Bool {
        SocketAddress(host: host, port: 1).isUnspecified
    }
}

/// An address in numbers with a port, for those that are bound or sent to others.
enum NumericAddress {
    /// Port 0 is any free one. Without a port, `usualPort` if there is one.
    static func read(_ text: String, usualPort: UInt16?) throws(Complaint) -> SocketAddress {
        if let usualPort {
            let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
            let host = isBracketed ? String(text.dropFirst().dropLast()) : text
            if let address = SocketAddress(numericHost: host, port: usualPort) { return address }
        }
        let form = "write 192.0.2.1:7946 or [2001:db8::1]:7946"
        do throws(HostPort.Fault) {
            let place = try HostPort(text, allowsPortZero: true)
            if let literal = place.literal { return literal }
            throw .badHost(place.host)
        } catch {
            switch error {
            case .noPort: throw Complaint("\"\(text)\" has no port: \(form)")
            case .badPort: throw Complaint("\"\(text)\" has no port from 0 to 65535: \(form)")
            case .badHost:
                throw Complaint("\"\(text)\" is no address in numbers: \(form)")
            }
        }
    }
}
