import MeshChecks
import MeshCore
import MeshMembership
import MeshPlatform

/// The page at `/`, for people: made here whole, without scripts and without anything from
/// elsewhere, so that it works in any browser and while half of the network is down. It loads itself
/// anew every ten seconds, unless it was asked for with `reload=no`: what moves by itself is in the
/// way of who reads slowly or has it read out.
struct PageDocument {
    /// Checks shown; those that are not up come first. All are in the API.
    static let checksMax = 500
    static let incidentsMax = 20
    private static let refreshSeconds = 10

    private let source: any StatusSource
    private let node: NodeStatus
    private let now: WallTime
    private let reloads: Bool
    private var bytes: [UInt8] = []

    static func render(
        _ source: any StatusSource, _ incidents: Result<[IncidentStatus], Unavailable>,
        reloads: Bool
    ) -> [UInt8] {
        var page = PageDocument(source, reloads: reloads)
        page.write(incidents)
        return page.bytes
    }

    private init(_ source: any StatusSource, reloads: Bool) {
        self.source = source
        self.reloads = reloads
        node = source.node
        now = SystemClock.wallTime
        bytes.reserveCapacity(16_384)
    }

    // MARK: The whole

    private mutating func write(_ incidents: Result<[IncidentStatus], Unavailable>) {
        var counts: [TargetState?: Int] = [:]
        var shown: [(rank: Int, id: CheckID)] = []
        var up: [CheckID] = []
        for id in source.checkIDs {
            let state = source.state(of: id)
            counts[state, default: 0] += 1
            if state != .up {
                shown.append((Self.rank(state), id))
            } else if up.count < Self.checksMax {
                up.append(id)
            }
        }
        // The worst first; within a state in the order of names, which they come in.
        let sorted = shown.enumerated()
            .sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
            .map(\.element.id)
        let checks = (sorted.prefix(Self.checksMax) + up).prefix(Self.checksMax)
            .compactMap(source.check)
        let verdict = Self.verdict(counts, notWatched: checks.count { !$0.isWatched })
        head(verdict.text)
        raw("<header><h1>")
        text(node.title)
        raw("</h1><p class=\"banner \(verdict.mark)\">")
        text(verdict.text)
        raw("</p></header><main>")
        troubles()
        self.checks(checks, of: source.checkIDs.count)
        self.incidents(incidents)
        members()
        raw("</main>")
        footer()
        raw("</body></html>\n")
    }

    private static func rank(_ state: TargetState?) -> Int {
        switch state {
        case .down: 0
        case .degraded: 1
        case nil: 2
        case .up: 3
        }
    }

    /// What is certified, and whether that is still looked at: a state that nobody watches any more
    /// is what was true once.
    private static func verdict(
        _ counts: [TargetState?: Int], notWatched: Int
    ) -> (text: String, mark: String) {
        let total = counts.values.reduce(0, +)
        guard total > 0 else { return ("No checks are configured", "unknown") }
        func some(_ count: Int, _ state: String) -> String {
            let of = count == total ? "" : "of \(total) "
            return "\(count) \(of)\(total == 1 ? "check" : "checks")"
                + " \(count == 1 ? "is" : "are") \(state)"
        }
        let down = counts[.down] ?? 0
        let degraded = counts[.degraded] ?? 0
        let unknown = counts[nil] ?? 0
        let blind = notWatched > 0 ? ", \(notWatched) not watched" : ""
        if down > 0 {
            let more = degraded > 0 ? ", \(degraded) degraded" : ""
            return (some(down, "down") + more + blind, "down")
        }
        if degraded > 0 { return (some(degraded, "degraded") + blind, "degraded") }
        if unknown > 0 {
            return (some(unknown, "not known yet") + blind, notWatched > 0 ? "degraded" : "unknown")
        }
        if notWatched > 0 {
            return (
                "Everything was up, but \(some(notWatched, "not watched by enough nodes"))",
                "degraded"
            )
        }
        return ("Everything is up", "up")
    }

    private mutating func head(_ summary: String) {
        raw(
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark"><title>
            """)
        text("\(summary) – \(node.title)")
        raw("</title>")
        if reloads {
            raw("<meta http-equiv=\"refresh\" content=\"\(Self.refreshSeconds)\">")
        }
        raw("<style>\(Self.style)</style></head><body>")
    }

    private mutating func troubles() {
        let troubles = source.conditions.compactMap { condition in
            condition.trouble.map { "\(condition.name): \($0)" }
        }
        guard !troubles.isEmpty else { return }
        raw("<section><h2>This node is not ready</h2><ul>")
        for trouble in troubles {
            raw("<li>")
            text(trouble)
            raw("</li>")
        }
        raw("</ul></section>")
    }

    // MARK: Checks

    private mutating func checks(_ checks: [CheckStatus], of count: Int) {
        raw("<section><h2>Checks</h2>")
        guard !checks.isEmpty else {
            raw("<p>There are none in this mesh.</p></section>")
            return
        }
        columns("State", "Check", "Since", "Latency", "Reason")
        for check in checks { row(check) }
        raw("</tbody></table>")
        if count > checks.count {
            raw("<p class=\"note\">\(checks.count) of \(count) are shown; all are at ")
            raw("<a href=\"/api/v1/checks\">/api/v1/checks</a>.</p>")
        }
        raw("</section>")
    }

    private mutating func row(_ check: CheckStatus) {
        raw("<tr><td>")
        state(check.state.word)
        raw("</td><td><a href=\"/api/v1/checks/\(Request.percentEncoded(check.name))\">")
        text(check.name)
        raw("</a><small>")
        text(check.target)
        raw("</small></td><td>")
        if let since = check.since { time(since) }
        raw("</td><td>")
        if let latency = check.latency { text(Self.latency(latency)) }
        raw("</td><td>")
        text(check.reason)
        if !check.isWatched {
            raw(" <em class=\"degraded\">not watched by enough nodes</em>")
            if let why = check.notWatched { text(": \(why)") }
        } else if check.state == nil, let cause = check.couldNotLook {
            text("this node could not look: \(cause)")
        }
        if let provisional = check.provisional {
            raw(
                " <em class=\"\(provisional.word)\">seen as \(provisional.word)"
                    + " by a part of the mesh</em>")
        }
        if !check.unreachableFrom.isEmpty {
            raw(" <em>not reachable from ")
            text(check.unreachableFrom.joined(separator: ", "))
            raw("</em>")
        }
        raw("</td></tr>")
    }

    private static func latency(_ span: TimeSpan) -> String {
        span < .milliseconds(10)
            ? "\(Double(span.nanoseconds / 10_000) / 100) ms" : "\(span.milliseconds) ms"
    }

    // MARK: Incidents and members

    private mutating func incidents(_ found: Result<[IncidentStatus], Unavailable>) {
        raw("<section><h2>Incidents</h2>")
        switch found {
        case .failure(let reason):
            raw("<p class=\"note\">")
            text("They can't be read now: \(reason.reason)")
            raw("</p>")
        case .success(let incidents) where incidents.isEmpty:
            raw("<p class=\"note\">None is known.</p>")
        case .success(let incidents):
            columns("State", "Check", "Began", "Lasted", "Confirmed by")
            for incident in incidents.prefix(Self.incidentsMax) {
                raw("<tr><td>")
                state(incident.state.word)
                raw("</td><td>")
                text(incident.check)
                raw("</td><td>")
                time(incident.startedAt)
                raw("</td><td>")
                text(
                    incident.endedAt.map { Self.span(from: incident.startedAt, to: $0) }
                        ?? "goes on")
                raw("</td><td>")
                text(incident.confirmedBy.joined(separator: ", "))
                raw("</td></tr>")
            }
            raw("</tbody></table>")
        }
        raw("</section>")
    }

    private mutating func members() {
        raw("<section><h2>Nodes</h2>")
        columns("State", "Node", "Zone", "Since", "Address")
        for member in source.members {
            raw("<tr><td>")
            state(member.state.word)
            raw("</td><td>")
            text(member.name)
            if member.id == node.id { raw(" <em>answers you</em>") }
            raw("</td><td>")
            text(member.zone)
            raw("</td><td>")
            time(member.since)
            raw("</td><td>")
            text(member.address)
            raw("</td></tr>")
        }
        raw("</tbody></table></section>")
    }

    private mutating func footer() {
        raw("<footer><p>Mesh ")
        text("\(node.mesh), as node \(node.name) in \(node.zone) knows it at ")
        raw("<time>\(now.rfc3339)</time>. ")
        text("Checkmesh \(node.version). ")
        raw(
            reloads
                ? "Loads anew every \(Self.refreshSeconds) s: <a href=\"/?reload=no\">hold still</a>."
                : "Holds still: <a href=\"/\">load anew every \(Self.refreshSeconds) s</a>.")
        raw(" <a href=\"/api/v1/status\">JSON</a> <a href=\"/metrics\">Metrics</a></p></footer>")
    }

    // MARK: Pieces

    /// Begins a table. Every table has five columns, which a narrow screen shows as two lines.
    private mutating func columns(_ titles: String...) {
        raw("<table><thead><tr>")
        for title in titles { raw("<th scope=\"col\">\(title)</th>") }
        raw("</tr></thead><tbody>")
    }

    /// What is ours, as it is.
    private mutating func raw(_ html: String) { bytes.append(contentsOf: html.utf8) }

    /// What is anybody's: names, reasons, targets.
    private mutating func text(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): raw("&amp;")
            case UInt8(ascii: "<"): raw("&lt;")
            case UInt8(ascii: ">"): raw("&gt;")
            case UInt8(ascii: "\""): raw("&quot;")
            case UInt8(ascii: "'"): raw("&#39;")
            default: bytes.append(byte)
            }
        }
    }

    /// A word with a colour, never a colour alone.
    private mutating func state(_ word: String) {
        raw("<span class=\"state \(word)\">\(word)</span>")
    }

    private mutating func time(_ time: WallTime) {
        raw("<time datetime=\"\(time.rfc3339)\" title=\"\(time.rfc3339)\">")
        raw(time > now ? "now" : "\(Self.span(from: time, to: now)) ago")
        raw("</time>")
    }

    private static func span(from start: WallTime, to end: WallTime) -> String {
        let seconds = end > start ? (end.milliseconds - start.milliseconds) / 1_000 : 0
        return switch seconds {
        case 0..<120: "\(seconds) s"
        case 120..<7_200: "\(seconds / 60) min"
        case 7_200..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }

    // MARK: Looks

    /// What a browser may do with the page: show it, in this style and no other.
    static func policy(using cryptography: any Cryptography) -> String {
        let hash = Base64.text(of: cryptography.sha256(Array(style.utf8)).array)
        return "default-src 'none'; style-src 'sha256-\(hash)'; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'"
    }

    private static let style = """
        :root{--ink:#1d2430;--soft:#5b6675;--line:#dde2e9;--paper:#fff;--ground:#f4f6f9;\
        --up:#116b3a;--degraded:#8a5200;--down:#b3161b;--unknown:#5b6675}\
        @media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#2c3442;\
        --paper:#171c25;--ground:#0f131a;--up:#5fd08f;--degraded:#f0b75a;--down:#ff8a85;\
        --unknown:#9aa6b5}}\
        *{box-sizing:border-box}body{margin:0 auto;padding:1.5rem 1rem;max-width:70rem;\
        font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground)}\
        h1{font-size:1.5rem;margin:0 0 .75rem}h2{font-size:1.1rem;margin:0 0 .5rem}\
        section,.banner{background:var(--paper);border:1px solid var(--line);\
        border-radius:.5rem;padding:1rem;margin:0 0 1rem}\
        .banner{font-size:1.25rem;font-weight:600;border-left:.5rem solid currentColor}\
        table{width:100%;border-collapse:collapse}\
        th,td{text-align:left;vertical-align:top;padding:.35rem 1rem .35rem 0;\
        border-bottom:1px solid var(--line)}tr:last-child td{border-bottom:0}\
        th:last-child,td:last-child{padding-right:0}\
        th{color:var(--soft);font-weight:500;font-size:.85rem}td{overflow-wrap:anywhere}\
        td small{display:block;color:var(--soft)}\
        td:nth-child(1),td:nth-child(3),td:nth-child(4){white-space:nowrap;\
        overflow-wrap:normal}.note,footer{color:var(--soft)}a{color:inherit}\
        a:focus-visible{outline:.15rem solid currentColor;outline-offset:.15rem}\
        .state{font-weight:600}.up,.alive{color:var(--up)}\
        .degraded,.suspect{color:var(--degraded)}.down,.dead{color:var(--down)}\
        .unknown,.left{color:var(--unknown)}\
        @media (max-width:45rem){thead{position:absolute;clip-path:inset(50%);\
        height:1px;width:1px;overflow:hidden;white-space:nowrap}\
        tr{display:grid;grid-template-columns:1fr auto;column-gap:.75rem;\
        padding:.5rem 0;border-bottom:1px solid var(--line)}tr:last-child{border-bottom:0}\
        td{border:0;padding:0}td:empty{display:none}td:nth-child(1){grid-area:1/2}\
        td:nth-child(2){grid-area:1/1}td:nth-child(3){grid-area:2/2}\
        td:nth-child(4){grid-area:3/2}td:nth-child(5){grid-area:2/1/span 2}\
        td:nth-child(1),td:nth-child(3),td:nth-child(4){text-align:right}}
        """
}
