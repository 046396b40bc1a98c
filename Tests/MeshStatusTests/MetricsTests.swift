import MeshChecks
import MeshCore
import MeshEngine
import MeshMembership
import MeshStatus
import MeshVerdicts
import Testing

@Suite struct MetricsTests {
    /// The text format's rules: a family's lines together, HELP and TYPE before them, once.
    @Test func `families come together, each with its help and its type`() throws {
        let stand = try Stand()
        stand.source.set((0..<450).map { check(UInt64($0 + 1), "check \($0)", .up) })
        stand.source.metrics = MetricFamily.families(
            NodeCounters(), MembershipCounters(), VerdictCounters())
        let reply = try stand.get("/metrics")
        #expect(reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        var seen: Set<String> = []
        var current = ""
        var samples: Set<String> = []
        for line in reply.body.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                current = String(line.split(separator: " ")[2])
                #expect(seen.insert(current).inserted, "\(current) comes twice")
            } else if line.hasPrefix("# TYPE ") {
                #expect(line.split(separator: " ")[2] == current)
                let kind = line.split(separator: " ")[3]
                #expect((kind == "counter") == current.hasSuffix("_total"))
            } else {
                let name = line.prefix { $0 != "{" && $0 != " " }
                #expect(name == current)
                let series = line[..<(line.lastIndex(of: " ") ?? line.endIndex)]
                #expect(samples.insert(String(series)).inserted, "\(series) comes twice")
                #expect(Double(line.split(separator: " ").last ?? "") != nil)
            }
        }
        #expect(samples.count { $0.hasPrefix("probe_success{") } == 450)
        #expect(seen.contains("checkmesh_datagrams_dropped_total"))
        #expect(reply.body.contains("checkmesh_members{state=\"dead\"} 1\n"))
        #expect(reply.body.contains("probe_duration_seconds{check=\"check 0\"} 0.01234\n"))
        #expect(reply.body.hasSuffix("\n"))
    }

    @Test func `what a look over HTTP measured goes by blackbox_exporter's names`() throws {
        let stand = try Stand()
        var web = check(1, "web", .up)
        web.measurements.resolve = .milliseconds(2)
        web.measurements.transfer = .microseconds(500)
        web.measurements.status = 204
        web.measurements.certificateEnds = time(9)
        var port = check(2, "port", .up)
        port.type = "tcp"
        port.measurements.connect = .milliseconds(3)
        stand.source.set([web, port])
        let lines = try stand.get("/metrics").body.split(separator: "\n")
        func samples(_ family: String) -> [Substring] {
            lines.filter { $0.hasPrefix("\(family){") }.map { $0.dropFirst(family.utf8.count) }
        }
        #expect(
            samples("probe_http_duration_seconds") == [
                #"{check="web",phase="resolve"} 0.002"#, #"{check="web",phase="transfer"} 0.0005"#,
            ])
        #expect(samples("probe_http_status_code") == [#"{check="web"} 204"#])
        #expect(samples("probe_dns_lookup_time_seconds") == [#"{check="web"} 0.002"#])
        #expect(samples("probe_ssl_earliest_cert_expiry") == [#"{check="web"} 1767225609"#])
    }

    @Test func `what is not known has no sample`() throws {
        let stand = try Stand()
        stand.source.set([check(1, "new", nil)])
        let body = try stand.get("/metrics").body
        #expect(!body.contains("probe_success{") && !body.contains("probe_duration_seconds{"))
        #expect(body.contains("checkmesh_check_state{check=\"new\"} -1\n"))
    }
}
