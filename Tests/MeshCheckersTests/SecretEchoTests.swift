import MeshChecks
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

/// Targets that say back what they were told, in every kind of check.
@Suite struct SecretEchoTests {
    private let bench: CheckBench
    private let redaction = Redaction([Secret("Sesame77")])

    init() throws { bench = try CheckBench() }

    private func saw(_ kind: CheckKind) throws -> String {
        let result = try bench.result(kind.hiding(redaction))
        let said = "\(result)".lowercased()
        #expect(!said.contains("sesame"))
        guard case .saw(let state, let reason) = result.observation.outcome else { return said }
        return "\(state): \(reason)"
    }

    @Test func `http, where a plain header held it`() throws {
        let server = try LoopbackServer(on: bench.loop) { peer in
            peer.receive = { peer in
                guard peer.text.contains("\r\n\r\n") else { return }
                peer.send("HTTP/1.1 500 Sorry\r\nConnection: close\r\n\r\n")
                peer.send(peer.text.contains("X-Tenant: Sesame77") ? "you are Sesame77" : "?")
                peer.close()
            }
        }
        let kind = try bench.web(server.address) {
            $0.headers = [HTTPHeader(name: "X-Tenant", value: Secret("Sesame77"))].compactMap(
                \.self)
        }
        #expect(
            try saw(kind) == "down: status 500, expected 200-299; the body begins 'you are ***'")
    }

    @Test func `tcp, in a greeting and in one that is cut`() throws {
        var greeting = "421 go away, Sesame77\r\n"
        let server = try LoopbackServer(on: bench.loop) { $0.send(greeting) }
        let kind = try bench.port(server.address) { $0.expect = .contains("220") }
        #expect(
            try saw(kind) == "down: reply does not contain '220'; it begins '421 go away, ***'")
        greeting = String(repeating: "x", count: 58) + "Sesame77\r\n"
        #expect(try saw(kind).hasSuffix("xx***'"))
    }

    @Test func `dns, in a record`() throws {
        let peer = try NamePeer(on: bench.loop)
        peer.datagrams = { query in
            var message = NameMessage(to: query)
            message.answers = [NameMessage.record(16, [8] + "sesame77".utf8)]
            return [message.bytes]
        }
        let kind = try bench.question(peer.address, "www.checkmesh.test", .txt) {
            $0.expect = .one(.contains("other"))
        }
        #expect(try saw(kind) == "down: no TXT record contains 'other': ***")
    }

    @Test func `tls, before it begins`() throws {
        let server = try LoopbackServer(on: bench.loop) { $0.send("554 not you, Sesame77\r\n") }
        var check = TLSCheck(address: try HostPort("\(server.address)"))
        check.startTLS = .smtp
        #expect(try saw(.tls(check)).contains("554 not you, ***"))
    }

    @Test func `exec, by the name of a variable that was written out`() throws {
        var check = ExecCheck(command: "/bin/sh")
        check.arguments = ["-c", "echo \"$DB_PASS and $PLAIN\"; exit 1"]
        check.environment = [("DB_PASS", "written-out"), ("PLAIN", "Sesame77")].compactMap {
            EnvironmentVariable(name: $0, value: Secret($1))
        }
        #expect(try saw(.exec(check)) == "down: exit status 1: *** and ***")
    }
}
