package import MeshCore

/// What those need who only ask a node: where its endpoint is, and which mesh it is. A client must
/// not fail because a secret of the node's is not in its own environment, so everything else in
/// the file is left alone, right or wrong.
package struct ConfigurationGlance: Sendable, Hashable {
    /// Where the endpoint can be asked from this machine.
    package var http: SocketAddress
    package var mesh: Label?
    /// The public keys of `mesh.roster`, if there are any.
    package var roster: Set<PublicKey>
    /// What the checks are called.
    package var checkNames: [String]

    /// A file that is not there is no problem unless it was named. Throws what makes a named one
    /// unreadable, or the address useless.
    package static func load(
        _ path: String?, variable: (String) -> String? = Machine.variable
    ) throws(ConfigurationFault) -> ConfigurationGlance {
        let bytes: [UInt8]
        do throws(FileFault) {
            bytes = try MachineFiles.read(
                path ?? RunOptions.configPathDefault, atMost: Configuration.fileByteCountMax
            ).bytes
        } catch {
            guard path == nil else { throw ConfigurationFault([Finding("", "\(error)")]) }
            bytes = Array("{}".utf8)
        }
        return try read(bytes, variable: variable)
    }

    static func read(
        _ bytes: [UInt8], variable: (String) -> String?
    ) throws(ConfigurationFault) -> ConfigurationGlance {
        let document: JSONDocument
        do throws(JSONParser.SyntaxError) {
            document = try JSONParser.parse(bytes)
        } catch {
            throw ConfigurationFault([Finding("\(error.place)", error.message)])
        }
        func text(_ node: JSONNode?) -> String? {
            node?.text.flatMap { try? Substitution.expand($0, from: variable) }
        }
        let mesh = document.root["mesh"]
        let given = variable(NodeSetting.http.variable).flatMap { $0.isEmpty ? nil : $0 }
        let address = given ?? text(document.root["node"]?["http"])
        var http = NodeReader.httpDefault
        if let address {
            do throws(Complaint) {
                http = try NumericAddress.read(address, usualPort: nil)
            } catch {
                let path = given == nil ? "node.http" : NodeSetting.http.variable
                throw ConfigurationFault([Finding(path, error.message)])
            }
        }
        let keys = mesh?["roster"]?.elements.compactMap { element in
            text(element).flatMap { Bytes32(hexadecimal: $0) }.map { PublicKey($0) }
        }
        return ConfigurationGlance(
            http: http.asked, mesh: text(mesh?["name"]).flatMap { Label($0) },
            roster: Set(keys ?? []),
            checkNames: (document.root["checks"]?.elements ?? []).compactMap { text($0["name"]) })
    }
}

extension SocketAddress {
    /// Every address of the machine is asked at the loopback one.
    fileprivate var asked: SocketAddress {
        guard isUnspecifiedHost else { return self }
        let loopback = SocketAddress(numericHost: isIPv4 ? "127.0.0.1" : "::1", port: port)
        return loopback ?? self
    }
}
