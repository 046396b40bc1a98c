package import MeshChecks
package import MeshCore
package import MeshEngine
package import MeshNotices

/// `mesh.json` as finished values: whoever holds one needs to check nothing. The same file makes
/// the same checks, contacts and routes on every node; `node` is what differs between them.
package struct Configuration: Sendable {
    /// Of the file, in bytes. 20,000 checks with all their fields take a third of it.
    package static let fileByteCountMax = 32 * 1_024 * 1_024
    package static let contactsMax = 1_000
    package static let alertsMax = 20_000
    /// Alerts whose check has a `*` or a `?`: each is held against every check.
    package static let globsMax = 1_000

    /// A number that rises with every change, if the operators keep one.
    package var version: UInt64?
    package var node: NodeSettings
    package var mesh: MeshSettings
    package var http: EndpointSettings
    package var checks: [CheckSettings]
    package var contacts: [Contact]
    /// Checks, resolved routes and contacts as the node takes them.
    package var plan: WatchPlan
}

/// A check as the core agrees upon it, and what a look at it does.
package struct CheckSettings: Sendable {
    package var definition: CheckDefinition
    package var kind: CheckKind
    /// Words to find it by, in their order, each once; not part of what is agreed upon.
    package var tags: [String] = []

    package static let tagsMax = 16
    package static let tagByteCountMax = 64
}

/// A way to reach people.
package struct Contact: Sendable, Hashable {
    package var id: ContactID
    package var name: CheckName
    package var kind: Kind

    /// One case for each kind of contact.
    package enum Kind: Sendable, Hashable {
        /// The URL is a secret: who has it can post.
        case webhook(WebAddress)
    }

    /// The word for it in `mesh.json`.
    package var type: String {
        switch kind {
        case .webhook: "webhook"
        }
    }
}

/// What differs between otherwise identical nodes.
package struct NodeSettings: Sendable, Hashable {
    package var name: Label
    package var zone: Label
    /// Where it listens, UDP and TCP. Port 0: any free one.
    package var bind: SocketAddress
    package var advertised: Advertised
    /// Where its endpoint listens. Port 0: any free one.
    package var http: SocketAddress
    /// The folder of its key and its history.
    package var data: String

    /// Where others reach it.
    package enum Advertised: Sendable, Hashable {
        /// As configured, or as bound. A port of 0 is the one that is bound.
        case address(SocketAddress)
        /// The address that this machine sends from, for the bind address does not say.
        case chosen(SocketAddress)

        package var address: SocketAddress {
            switch self {
            case .address(let address), .chosen(let address): address
            }
        }
    }
}

/// Which mesh, who belongs to it, and where to find them.
package struct MeshSettings: Sendable, Hashable {
    package static let peersMax = 256
    package static let previousSecretsMax = 8
    package static let rosterMax = 10_000
    /// Of a secret, in bytes.
    package static let secretRange = 16...1_024

    package var name: Label
    package var id: MeshID
    package var secret: Secret
    package var previousSecrets: [Secret]
    /// Seeds, in their order: the number in `NodeEffect.resolve` is an index.
    package var peers: [HostPort]
    package var trust: Trust

    /// Who may vote.
    package enum Trust: Sendable, Hashable {
        /// Whoever holds the secret.
        case secret
        /// Only these keys.
        case roster(Set<PublicKey>)
    }

    /// For `NodeConfiguration`: the first seals, all of them open.
    package var secretBytes: [[UInt8]] {
        ([secret] + previousSecrets).map { Array($0.revealed.utf8) }
    }
}

/// The endpoint besides its address.
package struct EndpointSettings: Sendable, Hashable {
    package static let titleByteCountMax = 200
    package static let tokensMax = 64

    /// Where people reach the page, without a slash at its end; notifications link to it.
    package var publicURL: WebAddress?
    package var title: String
    /// SHA-256 of the tokens that may change anything.
    package var tokens: [Bytes32]
}

/// A configuration that was accepted, and what its operator should know.
package struct LoadedConfiguration: Sendable {
    package var configuration: Configuration
    package var warnings: [Finding]
    /// How many more warnings there are than are listed.
    package var warningsUnlisted: Int
}

extension Configuration {
    /// The settings that differ in `new` and that a running node does not take over: it goes on
    /// with the old ones until it is started anew. Checks, contacts, alerts and what the endpoint
    /// shows are taken over at once.
    package func settingsNeedingRestart(for new: Configuration) -> [String] {
        var paths: [String] = []
        func compare<Value: Equatable>(_ path: String, _ value: (Configuration) -> Value) {
            if value(self) != value(new) { paths.append(path) }
        }
        compare("node.name") { $0.node.name }
        compare("node.zone") { $0.node.zone }
        compare("node.bind") { $0.node.bind }
        compare("node.advertise") { $0.node.advertised }
        compare("node.http") { $0.node.http }
        compare("node.data") { $0.node.data }
        compare("mesh.name") { $0.mesh.name }
        compare("mesh.secret") { $0.mesh.secret }
        compare("mesh.previous_secrets") { $0.mesh.previousSecrets }
        compare("mesh.peers") { $0.mesh.peers }
        compare("mesh.trust") { $0.mesh.trust }
        return paths
    }
}
