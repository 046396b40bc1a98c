import MeshConfiguration
import MeshCore

/// The commands that ask a node and show what it answers.
struct ClientCommands {
    let client: any APIClient
    let console: Console
    let format: OutputFormat

    /// Checks that are asked for at a time.
    private static let pageCount = 250
    /// More than a node can have.
    private static let checksMax = 100_000
    private static let looksShownMax = 3

    // MARK: status

    func status() throws(APIFailure) {
        let (root, bytes) = try client.document("/api/v1/status")
        guard format == .table else { return print(bytes) }
        let node = root["node"]
        let mesh = root["mesh"]
        let checks = root["checks"]
        let zone = Show.text(node?["zone"])
        console.print(
            "node    \(Show.text(node?["name"])), zone \(zone), version"
                + " \(Show.text(node?["version"])), started \(Show.time(node?["started_at"]))")
        let members = ["alive", "suspect", "dead", "left"].map { state in
            Show.count(mesh?[state], state, tone: Show.tone(ofMember: state), console)
        }
        console.print("mesh    \(Show.text(mesh?["name"])): \(members.joined(separator: ", "))")
        let states = ["up", "degraded", "down", "unknown"].map { state in
            Show.count(checks?[state], state, tone: Show.tone(ofCheck: state), console)
        }
        console.print("checks  \(states.joined(separator: ", "))")
        for line in Show.notWatched(root["not_watched"]) { console.print(line) }
        if mesh?["settled"]?.flag == false {
            console.print("this node has not found the others yet: it neither votes nor tells")
        }
        guard mesh?["majority"]?.flag == false else { return }
        console.print(
            "this node does not reach most of the mesh: nothing is decided or told on its side")
    }

    // MARK: Lists

    func members() throws(APIFailure) {
        let (root, bytes) = try client.document("/api/v1/members")
        guard format == .table else { return print(bytes) }
        var table = Table([
            ("NAME", .left), ("ZONE", .left), ("STATE", .left), ("ADDRESS", .left),
            ("SINCE", .left), ("ID", .left),
        ])
        for member in root["members"]?.elements ?? [] {
            let state = Show.text(member["state"])
            table.add([
                .init(Show.text(member["name"])), .init(Show.text(member["zone"])),
                .init(state, Show.tone(ofMember: state)), .init(Show.text(member["address"])),
                .init(Show.time(member["since"])), .init(Show.text(member["id"]), .faint),
            ])
        }
        show(table)
    }

    /// Of those that are named each is asked for, so that a name which is none says so.
    func checks(named names: [String], tag: String? = nil) throws(APIFailure) {
        var checks: [JSONNode] = []
        if names.isEmpty {
            checks = try allChecks(tag: tag)
            if format == .json {
                let list = JSONText.list(checks.map { JSONText($0) })
                return console.print(JSONText.table([("checks", list)]).line)
            }
        }
        for name in names {
            let (root, bytes) = try client.document("/api/v1/checks/\(percentEncoded(name))")
            guard format == .table else {
                print(bytes)
                continue
            }
            checks.append(root)
        }
        guard format == .table else { return }
        var table = Table([
            ("NAME", .left), ("STATE", .left), ("SINCE", .left), ("LATENCY", .right),
            ("OWNERS", .left), ("TARGET", .left), ("REASON", .left),
        ])
        for check in checks {
            let state = Show.text(check["state"])
            table.add([
                .init(Show.text(check["name"])), .init(state, Show.tone(ofCheck: state)),
                .init(Show.time(check["since"])), .init(Show.milliseconds(check["latency_ms"])),
                .init(Show.list(check["owners"])), .init(Show.text(check["target"])),
                .init(Show.remark(on: check)),
            ])
        }
        show(table)
        if !names.isEmpty { checks.forEach(showLooks) }
    }

    /// What the node that was asked has seen of late, the newest first: a flip's reason is that of
    /// its beginning, and an outage may have another by now.
    private func showLooks(of check: JSONNode) {
        let looks = (check["observations"]?.elements ?? [])
            .sorted { ($0["at"]?.text ?? "") > ($1["at"]?.text ?? "") }
        guard !looks.isEmpty else { return }
        console.print("")
        console.print("\(Show.text(check["name"])), as this node sees it:")
        var table = Table([
            ("AT", .left), ("SAW", .left), ("LATENCY", .right), ("REASON", .left),
        ])
        for look in looks.prefix(Self.looksShownMax) {
            let state = look["state"]?.text ?? "could not look"
            table.add([
                .init(Show.time(look["at"])), .init(state, Show.tone(ofCheck: state)),
                .init(Show.milliseconds(look["latency_ms"])), .init(Show.text(look["reason"])),
            ])
        }
        show(table)
        if let remark = check["remark"]?.text { console.print("remark: \(remark)") }
    }

    /// Page by page: a node may have thousands, and none of its answers should be large.
    private func allChecks(tag: String? = nil) throws(APIFailure) -> [JSONNode] {
        var checks: [JSONNode] = []
        let query = tag.map { "&tag=\(percentEncoded($0))" } ?? ""
        var path = "/api/v1/checks?limit=\(Self.pageCount)\(query)"
        while true {
            let (root, _) = try client.document(path)
            let page = root["checks"]?.elements ?? []
            checks += page
            // A node that sends the same page for ever is not listened to for ever.
            guard let cursor = root["next_cursor"]?.text, !page.isEmpty,
                checks.count < Self.checksMax
            else { return checks }
            path =
                "/api/v1/checks?limit=\(Self.pageCount)&cursor=\(percentEncoded(cursor))\(query)"
        }
    }

    func incidents(check: String?, limit: Int?) throws(APIFailure) {
        let (root, bytes) = try client.document(
            "/api/v1/incidents" + Self.query(check: check, limit: limit))
        guard format == .table else { return print(bytes) }
        var table = Table([
            ("CHECK", .left), ("STATE", .left), ("STARTED", .left), ("ENDED", .left),
            ("EPOCH", .right), ("CONFIRMED BY", .left), ("FLIP", .left),
        ])
        for incident in root["incidents"]?.elements ?? [] {
            let state = Show.text(incident["state"])
            let isOpen = incident["ended_at"]?.text == nil
            table.add([
                .init(Show.text(incident["check"])), .init(state, Show.tone(ofCheck: state)),
                .init(Show.time(incident["started_at"])),
                isOpen ? .init("goes on", .bad) : .init(Show.time(incident["ended_at"])),
                .init(Show.number(incident["epoch"])),
                .init(Show.list(incident["confirmed_by"])),
                .init(Show.text(incident["flip"]), .faint),
            ])
        }
        show(table)
    }

    func notifications(check: String?, limit: Int?) throws(APIFailure) {
        let (root, bytes) = try client.document(
            "/api/v1/notifications" + Self.query(check: check, limit: limit))
        guard format == .table else { return print(bytes) }
        // A node answers check by check. These times sort as texts.
        let notices = (root["notifications"]?.elements ?? []).sorted {
            ($0["at"]?.text ?? "") > ($1["at"]?.text ?? "")
        }
        var table = Table([
            ("AT", .left), ("CHECK", .left), ("STATE", .left), ("CONTACT", .left),
            ("KIND", .left), ("STATUS", .left), ("NODE", .left), ("TRIES", .right),
            ("ERROR", .left),
        ])
        for notice in notices.prefix(limit ?? notices.count) {
            let state = Show.text(notice["state"])
            let status = Show.text(notice["status"])
            table.add([
                .init(Show.time(notice["at"])), .init(Show.text(notice["check"])),
                .init(state, Show.tone(ofCheck: state)), .init(Show.text(notice["contact"])),
                .init(Show.text(notice["kind"])), .init(status, Show.tone(ofNotice: status)),
                .init(Show.text(notice["node"])), .init(Show.number(notice["attempts"])),
                .init(Show.text(notice["error"])),
            ])
        }
        show(table)
    }

    // MARK: verify

    /// Who is a member, by id.
    func memberIDs() throws(APIFailure) -> Set<String> {
        let root = try client.document("/api/v1/members").0
        return Set((root["members"]?.elements ?? []).compactMap { $0["id"]?.text })
    }

    func meshName() throws(APIFailure) -> Label {
        let root = try client.document("/api/v1/status").0
        guard let name = root["mesh"]?["name"]?.text.flatMap({ Label($0) }) else {
            throw APIFailure("the node does not say which mesh it is of")
        }
        return name
    }

    /// What a check is called, if the node says so: good to know, and nothing depends on it.
    func name(ofCheck id: String) -> String? {
        (try? allChecks())?.first { $0["id"]?.text == id }?["name"]?.text
    }

    // MARK: forget

    func forget(_ node: String, token: String?) throws(APIFailure) {
        let body = JSONText.table([("node", .text(node))]).line
        let answer = try client.post("/api/v1/forget", Array(body.utf8), token: token)
        if answer.status == 401, token == nil {
            throw APIFailure(
                "to forget takes an API token: --token-file FILE, or CHECKMESH_TOKEN's value")
        }
        _ = try answer.checked()
        switch format {
        case .table: console.print("\(node) is forgotten")
        case .json: print(answer.body)
        }
    }

    // MARK: Helpers

    private static func query(check: String?, limit: Int?) -> String {
        var parts: [String] = []
        if let check { parts.append("check=\(percentEncoded(check))") }
        if let limit { parts.append("limit=\(limit)") }
        return parts.isEmpty ? "" : "?\(parts.joined(separator: "&"))"
    }

    private func show(_ table: Table) {
        for line in table.lines(for: console) { console.print(line) }
    }

    /// The node's own JSON, as it came.
    private func print(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        console.write(text.hasSuffix("\n") ? text : text + "\n")
    }
}

enum OutputFormat: String, Sendable {
    case table, json
}
