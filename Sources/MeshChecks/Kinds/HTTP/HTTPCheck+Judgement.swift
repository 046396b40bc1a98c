package import MeshCore

/// What came back, as far as a check asks about it.
package struct HTTPAnswer {
    package var status: Int
    package var isVersionTwo = false
    /// Of the fields that rules name, those that are there; of a redirect also where it leads to.
    package var headers: [String: String] = [:]
    package var body: [UInt8] = []
    /// There is more of it, which was not read.
    package var isBodyCut = false
    /// Which of the certificates that were shown ends first, and whose it is.
    package var certificate: (host: String, end: WallTime)?

    package init(status: Int) { self.status = status }
}

extension HTTPCheck {
    /// Judges an answer: the first thing that is not as it should be is told, what makes it *down*
    /// before what makes it *degraded*.
    package func judge(
        _ answer: HTTPAnswer, now: @autoclosure () -> WallTime, _ patterns: some PatternSearch
    ) -> Attempt.Outcome {
        guard expectedStatus.contains(answer.status) else {
            let words = "status \(answer.status), expected \(expectedStatus)"
            return .failed(Reason(words + whatCame(answer)))
        }
        if let reason = texts.judge(
            answer.body, called: "response", extent: extent(of: answer), patterns,
            found: { beginning(of: answer.body, called: "it") })
        {
            return .failed(reason)
        }
        guard !extras.areUsual else { return .answered }
        let values = extras.values
        if values.version == .two, !answer.isVersionTwo {
            return .failed(Reason("answered with HTTP/1, expected HTTP/2"))
        }
        for rule in values.headers {
            guard let reason = rule.judge(answer.headers[rule.name], patterns, redacted) else {
                continue
            }
            return .failed(reason)
        }
        if let reason = judge(json: answer, by: values.json, patterns) { return .failed(reason) }
        guard let rule = values.certificate else { return .answered }
        guard let (host, end) = answer.certificate else {
            return .failed(Reason("answered without a certificate"))
        }
        return rule.judge(end: end, now: now(), host: host)
    }

    private func extent(of answer: HTTPAnswer) -> String? {
        let count = answer.body.count
        guard count > 0 else {
            return answer.isBodyCut ? "the body, of which nothing is read," : "the empty body"
        }
        guard answer.isBodyCut else { return nil }
        let size = count == Self.answerByteCountMax ? "MiB" : "\(count) bytes"
        return "the first \(size) of the response"
    }

    private func judge(
        json answer: HTTPAnswer, by rules: [JSONRule], _ patterns: some PatternSearch
    ) -> Reason? {
        guard !rules.isEmpty else { return nil }
        let root: JSONNode
        do throws(JSONParser.SyntaxError) {
            root = try JSONParser.parse(answer.body, within: .answer).root
        } catch {
            let named = extent(of: answer) ?? "the response"
            return Reason("\(named) is no JSON that can be judged: \(error)")
        }
        for rule in rules {
            switch rule.judge(root, patterns) {
            case .kept: continue
            case .broken:
                return Reason("expected \(rule.shown), found \(rule.found(in: root, redacted))")
            case .givenUp: return TextRule(.matches, rule.shown).givenUp("response")
            }
        }
        return nil
    }

    // MARK: Words

    /// Bytes of a body that are looked at to show its beginning, and characters that are shown.
    private static let lookedAtMax = 4 * 1_024
    private static let shownMax = 80

    /// Bytes of a body that a judgement needs: without rules for it only its beginning, for people. Of
    /// hundreds of looks under way, each would else hold what its target likes to send.
    package var bodyByteCountNeeded: Int {
        guard texts.isEmpty, extras.areUsual || extras.values.json.isEmpty else {
            return Self.answerByteCountMax
        }
        return Self.lookedAtMax
    }

    /// In place of the status that was expected.
    private func whatCame(_ answer: HTTPAnswer) -> String {
        guard (300...399).contains(answer.status), let place = answer.headers["Location"],
            place.contains(where: { !$0.isWhitespace })
        else {
            return beginning(of: answer.body, called: "the body")
        }
        return "; it leads to '\(redacted(place).prefix(Self.shownMax))'"
    }

    /// What a body begins with: error pages say why.
    private func beginning(of body: [UInt8], called name: String) -> String {
        guard !body.isEmpty, method != .head else { return "" }
        let text = redacted(String(decoding: body.prefix(Self.lookedAtMax), as: UTF8.self))
        let words = text.split { $0.isWhitespace || $0.unicodeScalars.allSatisfy(\.isControl) }
        let shown = words.joined(separator: " ").prefix(Self.shownMax)
        return shown.isEmpty ? "" : "; \(name) begins '\(shown)'"
    }

    /// Texts of an answer go through this before they are cut: a target may say back what it was
    /// told.
    private func redacted(_ text: String) -> String { redaction.adding(ownSecrets).redact(text) }

    /// What is a secret by what it is, wherever it came from.
    var ownSecrets: [Secret] {
        var secrets = headers.filter(\.isConfidential).map(\.value)
        if let body { secrets.append(body) }
        let values = extras.values
        switch values.authorization {
        case .basic(let credentials)?:
            secrets += [credentials.password, Secret(credentials.base64)]
        case .bearer(let token)?: secrets.append(token)
        case nil: break
        }
        if let credentials = values.proxy?.credentials {
            secrets += [credentials.password, Secret(credentials.base64)]
        }
        // A variable is part of the path or the query.
        if url.text != url.shown { secrets.append(Secret(url.pathAndQuery)) }
        return secrets
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { value < 0x20 || value == 0x7F }
}
