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

    @Test func `what is not known has no sample`() throws {
        let stand = try Stand()
        stand.source.set([check(1, "new", nil)])
        let body = try stand.get("/metrics").body
        #expect(!body.contains("probe_success{") && !body.contains("probe_duration_seconds{"))
        #expect(body.contains("checkmesh_check_state{check=\"new\"} -1\n"))
    }
}
