import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshResolver
import MeshTestSupport
import Testing

@testable import MeshCheckers

/// A loop with a runner on it, and what looks have said.
final class CheckBench {
    let loop: EventLoop
    let runner: CheckRunner
    let client: HTTPClient
    var observations: [Observation] = []

    init(on loop: EventLoop? = nil, servers: String? = nil) throws {
        let loop = try loop ?? EventLoop()
        self.loop = loop
        let resolver = Resolver(on: loop, servers: servers)
        client = try HTTPClient(on: loop, resolver: resolver)
        runner = CheckRunner(on: loop, client: client, resolver: resolver)
    }

    @discardableResult
    func begin(_ kind: CheckKind) -> CheckRunner.LookID {
        runner.look(kind) { self.observations.append($0.observation) }
    }

    func look(_ kind: CheckKind) throws -> Observation { try result(kind).observation }

    func result(_ kind: CheckKind) throws -> LookResult {
        var results: [LookResult] = []
        observations = []
        runner.look(kind) {
            results.append($0)
            self.observations.append($0.observation)
        }
        #expect(results.isEmpty)
        #expect(try loop.turn { !results.isEmpty })
        #expect(results.count == 1)
        #expect(runner.lookCount == 0)
        return try #require(results.first)
    }

    /// State and reason of a look that was no abstention.
    func saw(_ kind: CheckKind) throws -> String {
        switch try look(kind).outcome {
        case .saw(let state, let reason): "\(state): \(reason)"
        case .abstained(let abstention): "abstained: \(abstention)"
        }
    }

    /// A question to `server`; `nil`: to the bench's own.
    func question(
        _ server: SocketAddress?, _ name: String = "www.checkmesh.test",
        _ record: DNSRecordType = .a, _ change: (inout DNSCheck) -> Void = { _ in }
    ) throws -> CheckKind {
        var check = DNSCheck(name: try #require(DNSName(name)))
        check.server = try server.map { try HostPort("\($0)") }
        check.record = record
        change(&check)
        return .dns(check)
    }

    func web(
        _ address: SocketAddress, _ path: String = "/",
        _ change: (inout HTTPCheck) -> Void = { _ in }
    ) throws -> CheckKind {
        var check = HTTPCheck(url: try WebAddress("http://\(address)\(path)"))
        change(&check)
        return .http(check)
    }

    func port(
        _ address: SocketAddress, _ change: (inout TCPCheck) -> Void = { _ in }
    ) throws -> CheckKind {
        var check = TCPCheck(address: try HostPort("\(address)"))
        change(&check)
        return .tcp(check)
    }
}

extension AttemptPlan {
    static func within(_ milliseconds: Int64) -> AttemptPlan {
        AttemptPlan(timeout: .milliseconds(milliseconds))
    }
}
