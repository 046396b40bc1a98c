package import MeshEngine
package import MeshMembership
package import MeshVerdicts

/// A metric with its samples, as Prometheus' text format has it (version 0.0.4).
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter, gauge
    }

    package struct Sample: Sendable {
        package var labels: [(name: String, value: String)]
        package var value: Double

        package init(_ labels: [(name: String, value: String)] = [], _ value: Double) {
            self.labels = labels
            self.value = value
        }
    }

    /// A counter's ends in `_total`.
    package var name: String
    package var help: String
    package var kind: Kind
    package var samples: [Sample]

    package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// One number without labels.
    package init(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
        self.init(name, kind, help, [Sample([], Double(value))])
    }

    /// Numbers told apart by one label.
    package init(
        _ name: String, _ kind: Kind, _ help: String, by label: String, _ values: [(String, Int)]
    ) {
        self.init(name, kind, help, values.map { Sample([(label, $0.0)], Double($0.1)) })
    }
}

// What a node's parts count, as metrics: all that was dropped, by reason.

extension MetricFamily {
    package static func families(
        _ node: NodeCounters, _ membership: MembershipCounters, _ verdicts: VerdictCounters
    ) -> [MetricFamily] {
        [
            MetricFamily(
                "checkmesh_datagrams_received_total", .counter, "Datagrams that have arrived.",
                node.datagramsReceived),
            MetricFamily(
                "checkmesh_datagrams_sent_total", .counter, "Datagrams that were sent.",
                node.datagramsSent),
            MetricFamily(
                "checkmesh_datagrams_dropped_total", .counter,
                "Datagrams that were dropped, by reason.", by: "reason",
                [
                    ("malformed", node.datagramsMalformed),
                    ("unknown_version", node.datagramsOfUnknownVersion),
                    ("unknown_key", node.datagramsOfUnknownKey),
                    ("unknown_boot", node.datagramsOfUnknownBoot),
                    ("forged", node.datagramsForged),
                    ("replayed", node.datagramsReplayed),
                    ("payload_malformed", node.payloadsMalformed),
                ]),
            MetricFamily(
                "checkmesh_messages_ignored_total", .counter,
                "Messages and updates of kinds that this version does not know.", by: "kind",
                [
                    ("message", node.messagesUnknown), ("update", node.updatesUnknown),
                    ("membership_update", membership.updatesUnknown),
                ]),
            MetricFamily(
                "checkmesh_statements_refused_total", .counter,
                "Signed statements that do not count, by what they are about.", by: "reason",
                [
                    ("notice", node.statementsRefused),
                    ("member_forged", membership.statementsForged),
                    ("claim_unfounded", membership.claimsUnfounded),
                    ("verdict", verdicts.entriesRefused),
                    ("verdict_outdated", verdicts.entriesOutdated),
                    ("certificate", verdicts.certificatesRefused),
                    ("certificate_doubted", verdicts.certificatesDoubted),
                ]),
            MetricFamily(
                "checkmesh_bounds_reached_total", .counter,
                "What found no room or was refused at a bound, by which.", by: "bound",
                [
                    ("members", membership.membersRefused),
                    ("inbox", membership.inboxOverflows),
                    ("streams", membership.streamsRefused),
                    ("membership", membership.boundsReached),
                    ("verdicts", verdicts.boundsReached),
                    ("hints", verdicts.hintsIgnored),
                ]),
            MetricFamily(
                "checkmesh_pings_misdirected_total", .counter,
                "Pings for another node that had this address.", membership.pingsMisdirected),
            MetricFamily(
                "checkmesh_looks_hung_total", .counter,
                "Looks that did not come back in time.", verdicts.looksHung),
        ]
    }

    static func families(_ endpoint: EndpointCounters) -> [MetricFamily] {
        [
            MetricFamily(
                "checkmesh_http_connections_total", .counter, "HTTP connections accepted.",
                endpoint.connections),
            MetricFamily(
                "checkmesh_http_connections", .gauge, "HTTP connections that are open.",
                endpoint.connectionsOpen),
            MetricFamily(
                "checkmesh_http_requests_total", .counter, "HTTP requests with a whole header.",
                endpoint.requests),
            MetricFamily(
                "checkmesh_http_refused_total", .counter, "HTTP requests refused, by reason.",
                by: "reason",
                [
                    ("bounds", endpoint.refusals), ("timeout", endpoint.timeouts),
                    ("displaced", endpoint.displaced),
                    ("unauthorized", endpoint.unauthorized),
                ]),
        ]
    }

    // MARK: The text

    func write(to bytes: inout [UInt8]) {
        header(to: &bytes)
        for sample in samples {
            var labels: [UInt8] = []
            for (name, value) in sample.labels {
                if !labels.isEmpty { labels.append(UInt8(ascii: ",")) }
                Self.label(name, value, to: &labels)
            }
            Self.sample(name, labels, Self.text(sample.value), to: &bytes)
        }
    }

    func header(to bytes: inout [UInt8]) {
        // HELP texts are our own: nothing in them needs escaping.
        bytes.append(
            contentsOf: "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8)
    }

    /// `name="value"`, with backslash, quote and line feed escaped.
    static func label(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "\(name)=\"".utf8)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    static func sample(
        _ name: String, _ labels: [UInt8], _ value: String, to bytes: inout [UInt8]
    ) {
        bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes.append(contentsOf: labels)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: value.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    static func text(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }
}
