import MeshCore

/// Values of the API as people read them. What is not there, or null, is a dash.
enum Show {
    static func text(_ node: JSONNode?) -> String {
        guard let text = node?.text, !text.isEmpty else { return "-" }
        return text
    }

    static func number(_ node: JSONNode?) -> String {
        guard case .number(let number)? = node?.value else { return "-" }
        return number
    }

    /// To the second: `2026-01-01 00:00:00Z`.
    static func time(_ node: JSONNode?) -> String {
        guard let text = node?.text, text.utf8.count >= 20, text.hasSuffix("Z") else { return "-" }
        return text.prefix(19).replacing("T", with: " ") + "Z"
    }

    static func milliseconds(_ node: JSONNode?) -> String {
        guard let number = node?.number, number.isFinite, number < 1e12 else { return "-" }
        if number >= 10 { return "\(Int(number.rounded())) ms" }
        return "\((number * 10).rounded() / 10) ms"
    }

    static func list(_ node: JSONNode?) -> String {
        let texts = (node?.elements ?? []).compactMap(\.text)
        return texts.isEmpty ? "-" : texts.joined(separator: ", ")
    }

    static func count(
        _ node: JSONNode?, _ word: String, tone: Table.Tone, _ console: Console
    ) -> String {
        let count = node?.integer ?? 0
        return Table.colour("\(count) \(word)", count == 0 ? .plain : tone, console.showsColours)
    }

    /// What else is to be known of a check: why, and what its state does not say.
    static func remark(on check: JSONNode) -> String {
        var remarks: [String] = []
        if let reason = check["reason"]?.text, !reason.isEmpty { remarks.append(reason) }
        if check["watched"]?.flag == false {
            let why = check["not_watched"]?.text.map { " (\($0))" } ?? ""
            remarks.append("not watched" + why)
        } else if remarks.isEmpty, check["state"]?.text == "unknown",
            let cause = check["could_not_look"]?.text
        {
            remarks.append("this node could not look: \(cause)")
        }
        if let state = check["provisional"]?.text { remarks.append("\(state) as seen from here") }
        let zones = (check["unreachable_from"]?.elements ?? []).compactMap(\.text)
        if !zones.isEmpty {
            remarks.append("unreachable from \(zones.joined(separator: ", "))")
        }
        return remarks.isEmpty ? "-" : remarks.joined(separator: "; ")
    }

    /// A line for each check at which too few look, and for what other nodes say of theirs.
    static func notWatched(_ node: JSONNode?) -> [String] {
        var lines: [String] = []
        if let count = node?["count"]?.integer, count > 0 {
            lines.append("\(count) not watched:")
            let checks = node?["checks"]?.elements ?? []
            lines += checks.map { "  \(text($0["name"])): \(text($0["why"]))" }
            if checks.count < count { lines.append("  and \(count - checks.count) more") }
        }
        lines += (node?["reports"]?.elements ?? []).map { report in
            "\(text(report["node"])) has \(number(report["count"])) not watched:"
                + " \(text(report["text"]))"
        }
        return lines
    }

    static func tone(ofCheck state: String) -> Table.Tone {
        switch state {
        case "up": .good
        case "degraded": .fair
        case "down": .bad
        default: .faint
        }
    }

    static func tone(ofMember state: String) -> Table.Tone {
        switch state {
        case "alive": .good
        case "suspect": .fair
        case "dead": .bad
        default: .faint
        }
    }

    static func tone(ofNotice status: String) -> Table.Tone {
        switch status {
        case "sent": .good
        case "failed": .bad
        default: .fair
        }
    }
}
