import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshPlatform

// The answers to those who only read.

extension StatusEndpoint {
    /// Rows of one answer from files.
    private static let rowsMax = 1_000
    private static let incidentsDefault = 100
    private static let looksShown = 60
    private static let checksPerSlice = 50

    func status(_ source: any StatusSource, _ request: Request) -> Response {
        let members = Dictionary(source.members.map { ($0.state, 1) }, uniquingKeysWith: +)
        var checks: [TargetState?: Int] = [:]
        for check in source.checkIDs { checks[source.state(of: check), default: 0] += 1 }
        var json = JSONWriter()
        json.status(source.node, members, checks, source.unwatched)
        return .document(json.bytes, type: Response.json, for: request)
    }

    func members(_ source: any StatusSource, _ request: Request) -> Response {
        Self.list("members", source.members, request) { json, member in json.member(member) }
    }

    /// `tag` leaves those that have it. `limit` and `cursor`, the last name of the answer before, are for those who do not want all
    /// of twenty thousand at once.
    func checks(_ source: any StatusSource, _ request: Request) -> Response {
        var checks = source.checkIDs[...]
        if let cursor = request.parameter("cursor") {
            guard let last = source.check(named: cursor),
                let place = checks.firstIndex(of: last)
            else {
                return .problem(400, "Bad Request", "cursor: no check is called \(cursor).")
            }
            checks = checks[(place + 1)...]
        }
        if let tag = request.parameter("tag") {
            checks = checks.filter { source.tags(of: $0).contains(tag) }[...]
        }
        var next: String?
        if let text = request.parameter("limit") {
            guard let limit = Int(text), limit > 0 else { return .badLimit }
            if checks.count > limit {
                checks = checks.prefix(limit)
                next = checks.last.flatMap { source.check($0)?.name }
            }
        }
        return Self.list("checks", Array(checks), request, next: next) { json, check in
            if let check = source.check(check) { json.check(check) }
        }
    }

    func check(
        _ source: any StatusSource, _ request: Request, _ answer: @escaping (Response) -> Void
    ) {
        guard let id = source.check(named: request.path[3]) else {
            return answer(.noCheck(request.path[3]))
        }
        source.looks(of: id, limit: Self.looksShown) { looks in
            guard let check = source.check(id) else { return answer(.notFound(request)) }
            var json = JSONWriter()
            json.check(check, looks: looks)
            answer(.document(json.bytes, type: Response.json, for: request))
        }
    }

    func incidents(
        _ source: any StatusSource, _ request: Request, _ answer: @escaping (Response) -> Void
    ) {
        var check: CheckID?
        if let name = request.parameter("check") {
            check = source.check(named: name)
            guard check != nil else { return answer(.noCheck(name)) }
        }
        var from = WallTime(milliseconds: 0)
        if let text = request.parameter("from") {
            guard let time = WallTime(rfc3339: text) else {
                return answer(
                    .problem(
                        400, "Bad Request", "from: expected a time like 2026-01-01T00:00:00Z."))
            }
            from = time
        }
        var limit = Self.incidentsDefault
        if let text = request.parameter("limit") {
            guard let number = Int(text), number > 0 else { return answer(.badLimit) }
            limit = min(number, Self.rowsMax)
        }
        source.incidents(of: check, from: from, limit: limit) { found in
            switch found {
            case .failure(let reason): answer(.unavailable(reason))
            case .success(let incidents):
                answer(
                    Self.list("incidents", incidents, request) { json, incident in
                        json.incident(incident)
                    })
            }
        }
    }

    /// The certificate as it travels, to be kept and verified as a file.
    func flip(
        _ source: any StatusSource, _ request: Request, _ answer: @escaping (Response) -> Void
    ) {
        guard let id = Bytes16(hexadecimal: request.path[3]) else {
            return answer(
                .problem(400, "Bad Request", "A flip's id has 32 hexadecimal digits."))
        }
        source.certificate(of: id) { found in
            switch found {
            case .failure(let reason): answer(.unavailable(reason))
            case .success(nil):
                answer(.problem(404, "Not Found", "No flip \(id.hexadecimal) is known here."))
            case .success(let certificate?):
                var response = Response.document(
                    certificate, type: "application/octet-stream", for: request)
                response.headers.append(
                    ("Content-Disposition", "attachment; filename=\"\(id.hexadecimal).flip\""))
                answer(response)
            }
        }
    }

    /// Check by check; with `limit` the latest of all, newest first.
    func notifications(
        _ source: any StatusSource, _ request: Request, _ answer: @escaping (Response) -> Void
    ) {
        var checks = source.checkIDs + [source.meshCheck]
        if let name = request.parameter("check") {
            let check = source.check(named: name) ?? (name == "mesh" ? source.meshCheck : nil)
            guard let check else { return answer(.noCheck(name)) }
            checks = [check]
        }
        guard let text = request.parameter("limit") else {
            let response = Self.list("notifications", checks, request) { json, check in
                for notification in source.notifications(of: check) {
                    json.notification(notification)
                }
            }
            return answer(response)
        }
        guard let limit = Int(text), limit > 0 else { return answer(.badLimit) }
        let latest = Latest(limit: min(limit, Self.rowsMax))
        gather(checks[...], latest) {
            answer(
                Self.list("notifications", latest.sorted, request) { json, notification in
                    json.notification(notification)
                })
        }
    }

    /// A slice of checks in each turn of the loop: there may be twenty thousand.
    private func gather(
        _ checks: ArraySlice<CheckID>, _ latest: Latest, then: @escaping () -> Void
    ) {
        if let source {
            for check in checks.prefix(Self.checksPerTurn) {
                for notification in source.notifications(of: check) { latest.take(notification) }
            }
        }
        let rest = checks.dropFirst(Self.checksPerTurn)
        guard !rest.isEmpty else { return then() }
        loop.schedule(at: loop.now) { [weak self] in
            guard let self else { return then() }
            gather(rest, latest, then: then)
        }
    }

    private static let checksPerTurn = 500

    /// The newest of many, of which no more than twice `limit` are ever kept.
    private final class Latest {
        private let limit: Int
        private var kept: [NotificationStatus] = []

        init(limit: Int) { self.limit = limit }

        func take(_ notification: NotificationStatus) {
            // What there is nothing left to tell of is not shown.
            guard notification.status.word != nil else { return }
            kept.append(notification)
            if kept.count == 2 * limit { kept = sorted }
        }

        var sorted: [NotificationStatus] {
            Array(kept.sorted { ($0.at, $0.id) > ($1.at, $1.id) }.prefix(limit))
        }
    }

    /// `{"name": [...]}`, a slice of elements at a time.
    private static func list<Element>(
        _ name: String, _ elements: [Element], _ request: Request, next: String? = nil,
        _ write: @escaping (inout JSONWriter, Element) -> Void
    ) -> Response {
        var place = 0
        var hasElement = false
        let stream = PieceStream { bytes in
            if place == 0 { bytes.append(contentsOf: "{\"\(name)\":[".utf8) }
            for element in elements[place..<min(place + checksPerSlice, elements.count)] {
                var json = JSONWriter(continuing: hasElement)
                write(&json, element)
                bytes.append(contentsOf: json.bytes)
                hasElement = hasElement || !json.bytes.isEmpty
                place += 1
            }
            guard place == elements.count else { return true }
            bytes.append(UInt8(ascii: "]"))
            if let next {
                var json = JSONWriter(continuing: true)
                json.field("next_cursor") { $0.string(next) }
                bytes.append(contentsOf: json.bytes)
            }
            bytes.append(UInt8(ascii: "}"))
            return false
        }
        return .pieces(stream, type: Response.json, for: request)
    }
}

extension Response {
    static var badLimit: Response {
        .problem(400, "Bad Request", "limit: expected a number from 1 on.")
    }

    static func noCheck(_ name: String) -> Response {
        .problem(404, "Not Found", "No check is called \(name).")
    }
}

extension Bytes16 {
    /// `nil` for anything but 32 hexadecimal digits.
    init?(hexadecimal text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 32,
            digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let high = UInt64(String(decoding: digits[..<16], as: UTF8.self), radix: 16),
            let low = UInt64(String(decoding: digits[16...], as: UTF8.self), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}

extension StatusEndpoint {
    func page(
        _ source: any StatusSource, _ request: Request, _ answer: @escaping (Response) -> Void
    ) {
        let policy = pagePolicy
        let reloads = request.parameter("reload") != "no"
        source.incidents(
            of: nil, from: WallTime(milliseconds: 0), limit: PageDocument.incidentsMax
        ) { incidents in
            answer(
                Response(
                    status: 200, type: "text/html; charset=utf-8",
                    headers: [
                        ("Content-Security-Policy", policy), ("Cache-Control", "no-store"),
                    ],
                    body: .bytes(PageDocument.render(source, incidents, reloads: reloads))))
        }
    }
}
