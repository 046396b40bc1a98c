import MeshChecks
import MeshCore

/// Reads `mesh`, with the peers of flags and environment in place of the file's.
struct MeshReader {
    let context: ReadingContext
    let section: Section
    let flags: NodeFlags
    let cryptography: any Cryptography

    static let peersVariable = "CHECKMESH_PEERS"

    struct Result {
        var settings: MeshSettings?
        /// What could be read of them, for those who read on.
        var peers: [HostPort]
    }

    func read() -> Result {
        let name: Label? = section.required("name", "give the mesh a name") {
            text throws(Complaint) in
            guard let label = Label(text) else {
                throw Complaint("\"\(text)\" is no name: \(Label.rule)")
            }
            return label
        }
        let secret = secret()
        let previous = previousSecrets()
        let peers = peers()
        let trust = trust()
        section.finish()
        guard let name, let secret, let trust else { return Result(settings: nil, peers: peers) }
        return Result(
            settings: MeshSettings(
                name: name, id: MeshID(named: name, using: cryptography), secret: secret,
                previousSecrets: previous, peers: peers, trust: trust), peers: peers)
    }

    private func secret() -> Secret? {
        let range = MeshSettings.secretRange
        let secret = section.requiredSecret(
            "secret", "make one with \"checkmesh keygen\"", atMost: range.upperBound)
        guard let secret, !range.contains(secret.revealed.utf8.count) else { return secret }
        section.complain(
            section.has("secret") ? "secret" : "secret_file",
            "is shorter than \(range.lowerBound) bytes: make one with \"checkmesh keygen\"")
        return nil
    }

    /// A list, or a file with one on each line.
    private func previousSecrets() -> [Secret] {
        let key = "previous_secrets"
        let fileKey = "\(key)_file"
        if section.has(key), section.has(fileKey) {
            section.complain(fileKey, "\(section.path(key)) is there as well: keep one of them")
        }
        var texts = section.texts(key, max: MeshSettings.previousSecretsMax)
        let size = MeshSettings.previousSecretsMax * (MeshSettings.secretRange.upperBound + 2)
        if let filed = section.filedText(fileKey, atMost: size) {
            let lines = filed.split(whereSeparator: \.isNewline).map(String.init)
            let offset = section.node(fileKey)?.offset
            texts += lines.map {
                PlacedText(text: $0, path: section.path(fileKey), offset: offset)
            }
        }
        for text in texts where !MeshSettings.secretRange.contains(text.text.utf8.count) {
            context.complain(
                text.path,
                "has \(text.text.utf8.count) bytes: a secret has \(MeshSettings.secretRange.lowerBound)"
                    + " to \(MeshSettings.secretRange.upperBound)", at: text.offset)
        }
        if texts.count > MeshSettings.previousSecretsMax {
            section.complain(
                fileKey,
                "\(texts.count) secrets are above the maximum of \(MeshSettings.previousSecretsMax)"
            )
        }
        return texts.map { Secret($0.text) }
    }

    private func peers() -> [HostPort] {
        // Asked for in any case: the file must be right even while a flag wins.
        let filed = section.texts("peers", max: MeshSettings.peersMax)
        let given = flags.peers.map { PlacedText(text: $0, path: "--peer", offset: nil) }
        let listed = (context.sources.variable(Self.peersVariable) ?? "")
            .split(separator: ",").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
            .map { PlacedText(text: String($0), path: Self.peersVariable, offset: nil) }
        let texts = !given.isEmpty ? given : !listed.isEmpty ? listed : filed
        if texts.count > MeshSettings.peersMax {
            context.complain(
                texts[0].path,
                "\(texts.count) peers are above the maximum of \(MeshSettings.peersMax)", at: nil)
        }
        var peers: [HostPort] = []
        for text in texts {
            do throws(HostPort.Fault) {
                let peer = try HostPort(text.text)
                // One named twice would be asked twice.
                if !peers.contains(peer) { peers.append(peer) }
            } catch {
                context.complain(text.path, "\"\(text.text)\" \(error)", at: text.offset)
            }
        }
        return peers
    }

    private func trust() -> MeshSettings.Trust? {
        let words = ["secret", "roster"]
        let word = section.value("trust") { text throws(Complaint) in
            guard words.contains(text) else {
                throw Complaint("\"\(text)\" is neither \"secret\" nor \"roster\"")
            }
            return text
        }
        let texts = section.texts("roster", max: MeshSettings.rosterMax)
        var keys: Set<PublicKey> = []
        for text in texts {
            guard let bytes = Bytes32(hexadecimal: text.text) else {
                context.complain(
                    text.path,
                    "is no public key: write the 64 digits that \"checkmesh keygen --node\" prints",
                    at: text.offset)
                continue
            }
            if !keys.insert(PublicKey(bytes)).inserted {
                context.complain(text.path, "is listed twice: remove it", at: text.offset)
            }
        }
        if word == "roster" {
            guard !keys.isEmpty || !texts.isEmpty else {
                section.complain("roster", "is empty: with trust \"roster\" nobody could vote")
                return nil
            }
            return .roster(keys)
        }
        if !keys.isEmpty {
            section.warn("roster", "counts for nothing unless trust is \"roster\"")
        }
        return .secret
    }
}
