/// Takes secrets out of what a target or a program has said, before anybody reads it: what a check
/// keeps to itself, and whatever a variable stood for anywhere in it. A target may say back what it
/// was told, in other letters (a host's name) and without its end (a text that was cut).
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
        return secrets.reduce(text) { Self.mask(Array($1.revealed.utf8), in: $0) }
    }

    package func redact(_ reason: Reason) -> Reason {
        secrets.isEmpty ? reason : Reason(redact(reason.text))
    }

    private static func mask(_ secret: [UInt8], in text: String) -> String {
        let bytes = Array(text.utf8)
        // Of a long one only as much as can be found: a body has 64 KiB.
        let needle = secret.prefix(bytes.count + 1).map(folded)
        let search = ByteSearch(needle)
        var kept: [UInt8] = []
        var keptUntil = 0
        var length = 0
        func mask(until end: Int) {
            kept += bytes[keptUntil..<end - length]
            kept += Secret.mask.utf8
            keptUntil = end
            length = 0
        }
        for (place, byte) in bytes.enumerated() {
            if length >= byteCountMin, mayBeCut(bytes[place...]) { mask(until: place) }
            length = search.length(after: length, folded(byte))
            if length == needle.count { mask(until: place + 1) }
        }
        if length >= byteCountMin { mask(until: bytes.count) }
        guard keptUntil > 0 else { return text }
        return String(decoding: kept + bytes[keptUntil...], as: UTF8.self)
    }

    /// Letters of either case are the same, and a control character is the space that it becomes.
    private static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
        case 0..<0x20, 0x7F: 0x20
        default: byte
        }
    }

    /// Whether what is before `rest` may be the beginning of something longer: the end of a quotation.
    private static func mayBeCut(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.first == UInt8(ascii: "'") || rest.first == UInt8(ascii: "\"")
            || rest.starts(with: "…".utf8)
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
