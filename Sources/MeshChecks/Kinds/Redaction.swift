/// Takes secrets out of what a target or a program has said, before anybody reads it: what a check
/// keeps to itself, and whatever a variable stood for anywhere in it. A target may say back what it
/// was told, in other letters (a host's name), escaped, and without its end (a text that was cut).
package struct Redaction: Sendable, Hashable {
    /// Shorter ones are left: a `1` or a `no` would mask half of every text, and is no secret.
    package static let byteCountMin = 4

    /// The longest first, so that one which holds another is masked whole.
    private let secrets: [Secret]

    package init(_ secrets: [Secret] = []) {
        self.secrets = Set(secrets).filter { $0.revealed.utf8.count >= Self.byteCountMin }
            .sorted {
                ($1.revealed.utf8.count, $0.revealed) < ($0.revealed.utf8.count, $1.revealed)
            }
    }

    package func adding(_ more: [Secret]) -> Redaction {
        more.isEmpty ? self : Redaction(secrets + more)
    }

    package func redact(_ text: String) -> String {
        guard !secrets.isEmpty else { return text }
        var text = text
        var hearings = UnescapedText.hearings(of: text)
        for secret in secrets {
            for index in hearings.indices {
                guard let masked = hearings[index].flatMap({ Self.mask(secret, in: $0) }) else {
                    continue
                }
                text = masked
                hearings = UnescapedText.hearings(of: text)
            }
        }
        return text
    }

    package func redact(_ reason: Reason) -> Reason {
        secrets.isEmpty ? reason : Reason(redact(reason.text))
    }

    /// `nil` if it is not there.
    private static func mask(_ secret: Secret, in text: UnescapedText) -> String? {
        let bytes = text.bytes
        // Of a long one only as much as can be found: a body has 64 KiB.
        let needle = secret.revealed.utf8.prefix(bytes.count + 1).map(text.folded)
        let search = ByteSearch(needle)
        var kept: [UInt8] = []
        var keptUntil = 0
        var length = 0
        func mask(until end: Int) {
            kept += text.original[text.start(keptUntil)..<text.start(end - length)]
            kept += Secret.mask.utf8
            keptUntil = end
            length = 0
        }
        for (place, byte) in bytes.enumerated() {
            let folded = text.folded(byte)
            // A quotation mark may be the secret's own.
            let ends = needle[length] != folded && text.isQuotationEnd(at: place)
            if length >= byteCountMin, ends || text.isHalfEscape(at: place) { mask(until: place) }
            length = search.length(after: length, folded)
            if length == needle.count { mask(until: place + 1) }
        }
        if length >= byteCountMin { mask(until: bytes.count) }
        guard keptUntil > 0 else { return nil }
        return String(decoding: kept + text.original[text.start(keptUntil)...], as: UTF8.self)
    }
}

extension Attempt {
    /// The same, for people who must not read what `redaction` takes out.
    package func redacted(by redaction: Redaction) -> Attempt {
        let outcome: Outcome =
            switch outcome {
            case .answered, .impossible: outcome
            case .degraded(let reason): .degraded(redaction.redact(reason))
            case .failed(let reason): .failed(redaction.redact(reason))
            }
        var measurements = measurements
        measurements.remark = measurements.remark.map(redaction.redact)
        return Attempt(outcome: outcome, span: span).measuring(measurements)
    }
}

/// Names (of headers, of variables) whose values are kept to oneself.
enum ConfidentialName {
    private static let words = [
        "auth", "cookie", "token", "key", "secret", "pass", "pwd", "session", "signature",
        "credential",
    ].map(ByteSearch.init)

    static func matches(_ name: String) -> Bool {
        let lowered = name.lowercased().utf8
        return words.contains { $0.isFound(in: lowered) }
    }
}
