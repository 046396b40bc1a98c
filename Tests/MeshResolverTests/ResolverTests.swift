import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshResolver

/// A resolver that asks a name server of the test's.
private final class Bench {
    let loop: EventLoop
    let server: NameServer
    let resolver: Resolver
    var results: [Result<[SocketAddress], ResolveError>] = []

    init(_ answer: @escaping (String, UInt16) -> NameServer.Answer) throws {
        loop = try EventLoop()
        server = try NameServer(on: loop, answer)
        resolver = Resolver(on: loop, servers: server.servers)
    }

    @discardableResult
    func ask(
        _ name: String, family: AddressFamily = .any, within timeout: TimeSpan = .seconds(10)
    ) -> Resolver.Lookup {
        resolver.resolve(name, port: 80, family: family, deadline: SystemClock.now + timeout) {
            self.results.append($0)
        }
    }

    func answer(
        _ name: String, family: AddressFamily = .any, within timeout: TimeSpan = .seconds(10)
    ) throws -> Result<[SocketAddress], ResolveError> {
        results = []
        ask(name, family: family, within: timeout)
        #expect(results.isEmpty)
        #expect(try loop.turn { !results.isEmpty })
        return try #require(results.first)
    }

    func error(_ name: String, within timeout: TimeSpan = .seconds(10)) throws -> ResolveError {
        switch try answer(name, within: timeout) {
        case .failure(let error): return error
        case .success: throw ResolveError(.exhausted, blame: .target, "expected a failure")
        }
    }
}

private let place = SocketAddress(ipv4: 0x7F00_0002, port: 0)
private let place6 = SocketAddress.loopback6

@Suite struct ResolverTests {
    @Test func `whom it asks is known, in their order, with their ports`() throws {
        let resolver = Resolver(
            on: try EventLoop(), servers: "127.0.0.1:5353,[2001:db8::1]:54,192.0.2.1")
        #expect(
            resolver.servers.map(\.description)
                == ["127.0.0.1:5353", "[2001:db8::1]:54", "192.0.2.1:53"])
    }

    @Test func `a name has the addresses of both families, at the port that was asked for`() throws
    {
        let bench = try Bench { _, _ in .addresses([place, place6], life: 60) }
        let found = try bench.answer("both.test.").get()
        #expect(Set(found.map(\.host)) == [place.host, place6.host])
        #expect(found.allSatisfy { $0.port == 80 })
        #expect(try bench.answer("both.test.", family: .v4).get().map(\.host) == [place.host])
        #expect(try bench.answer("both.test.", family: .v6).get().map(\.host) == [place6.host])
    }

    @Test func `an address without a route is left out while there is another`() throws {
        // 255.255.255.255 may not be connected to.
        let nowhere = SocketAddress(ipv4: 0xFFFF_FFFF, port: 0)
        let bench = try Bench { _, _ in .addresses([nowhere, place], life: 60) }
        #expect(try bench.answer("half.test.").get().map(\.host) == [place.host])
    }

    @Test func `many that want one name ask once, and what is known is not asked again`() throws {
        let bench = try Bench { _, _ in .addresses([place], life: 60) }
        for _ in 0..<100 { bench.ask("many.test.") }
        #expect(bench.resolver.questionCount == 1)
        #expect(try bench.loop.turn { bench.results.count == 100 })
        #expect(bench.results.allSatisfy { (try? $0.get().count) == 1 })
        #expect(bench.server.count(of: "many.test") == 2)
        #expect(bench.resolver.known("many.test.", port: 1, family: .any) != nil)
        #expect(bench.resolver.known("other.test.", port: 1, family: .any) == nil)
    }

    @Test func `a name that is not there is the target's fault`() throws {
        let bench = try Bench { _, _ in .noSuchName }
        let error = try bench.error("none.test.")
        #expect(error.kind == .noSuchName)
        #expect(error.blame == .target)
        #expect(error.description == "the name none.test. does not exist")
    }

    @Test func `a name without an address of the family is the target's fault`() throws {
        let bench = try Bench { _, _ in .addresses([place], life: 60) }
        bench.ask("four.test.", family: .v6)
        #expect(try bench.loop.turn { !bench.results.isEmpty })
        guard case .failure(let error) = bench.results[0] else { Issue.record("found"); return }
        #expect(error.kind == .noAddress)
        #expect(error.blame == .target)
        let empty = try Bench { _, _ in .addresses([], life: 60) }
        #expect(try empty.error("empty.test.").kind == .noAddress)
    }

    @Test func `servers that fail for one name but know the root blame the target`() throws {
        let bench = try Bench { name, _ in name.isEmpty ? .addresses([], life: 60) : .failure }
        let error = try bench.error("broken.test.")
        #expect(error.kind == .serversFailed)
        #expect(error.blame == .target)
    }

    @Test func `servers that fail for everything are this machine's fault`() throws {
        let bench = try Bench { _, _ in .failure }
        let error = try bench.error("broken.test.")
        #expect(error.kind == .serversFailed)
        #expect(error.blame == .ownResolver)
    }

    @Test func `silence for one name while others resolve is the target's fault`() throws {
        let bench = try Bench { name, _ in
            name == "silent.test" ? .silence : .addresses([place], life: 60)
        }
        let error = try bench.error("silent.test.", within: .seconds(1))
        #expect(error.kind == .timedOut)
        #expect(error.blame == .target)
        #expect(bench.server.count(of: "") == 1)
    }

    @Test func `silence for everything is this machine's fault`() throws {
        let bench = try Bench { _, _ in .silence }
        let error = try bench.error("silent.test.", within: .milliseconds(400))
        #expect(error.kind == .timedOut)
        #expect(error.blame == .ownResolver)
        #expect(bench.server.count(of: "") == 1)
    }

    @Test func `no resolver at all is this machine's fault, and known at once`() throws {
        let loop = try EventLoop()
        let resolver = Resolver(on: loop, servers: "127.0.0.1:1")
        var blame: Blame?
        let began = SystemClock.now
        resolver.resolve("any.test.", port: 80, deadline: began + .seconds(20)) { result in
            if case .failure(let error) = result { blame = error.blame }
        }
        #expect(try loop.turn { blame != nil })
        #expect(blame == .ownResolver)
        #expect(SystemClock.now - began < .seconds(10))
    }

    @Test func `the hosts file counts, and is no word from a server`() throws {
        let bench = try Bench { _, _ in .silence }
        let found = try bench.answer("localhost", family: .v4).get()
        #expect(found.map(\.host) == [SocketAddress.loopback.host])
        #expect(bench.server.questions.isEmpty)
        #expect(try bench.error("silent.test.", within: .milliseconds(300)).blame == .ownResolver)
    }

    @Test func `a lookup that is taken back is not heard of`() throws {
        let bench = try Bench { _, _ in .addresses([place], life: 60) }
        let lookup = bench.ask("back.test.")
        bench.resolver.cancel(lookup)
        #expect(try bench.loop.turn { bench.resolver.cachedCount == 1 })
        #expect(bench.results.isEmpty)
    }

    @Test func `a changed configuration asks anew what was open`() throws {
        let bench = try Bench { _, _ in .silence }
        bench.ask("moved.test.")
        #expect(try bench.loop.turn { bench.server.count(of: "moved.test") == 2 })
        bench.server.answer = { _, _ in .addresses([place], life: 60) }
        bench.resolver.renew()
        #expect(try bench.loop.turn { !bench.results.isEmpty })
        #expect(try bench.results.first?.get().map(\.host) == [place.host])
        #expect(bench.results.count == 1)
    }

    @Test func `beyond its bound a resolver says at once that it is full`() throws {
        let bench = try Bench { _, _ in .silence }
        for number in 0..<Resolver.questionsMax { bench.ask("n\(number).test.") }
        bench.ask("one-more.test.")
        #expect(try bench.loop.turn(within: .seconds(5)) { !bench.results.isEmpty })
        guard case .failure(let error) = bench.results[0] else { Issue.record("found"); return }
        #expect(error.kind == .exhausted)
        #expect(error.blame == .ownResources)
    }
}

@Suite struct AddressCacheTests {
    @Test func `names are remembered as long as they say, within bounds`() {
        var cache = AddressCache()
        let now = Instant(nanoseconds: 1_000)
        cache.store([place], of: "short", for: .zero, now: now)
        cache.store([place], of: "usual", for: .seconds(30), now: now)
        cache.store([place], of: "long", for: .hours(24), now: now)
        func known(after span: TimeSpan) -> [Bool] {
            ["short", "usual", "long"].map { cache.hosts(of: $0, now: now + span) != nil }
        }
        #expect(known(after: .seconds(4)) == [true, true, true])
        #expect(known(after: .seconds(5)) == [false, true, true])
        #expect(known(after: .seconds(30)) == [false, false, true])
        #expect(known(after: .seconds(60)) == [false, false, false])
    }

    @Test func `a full cache makes room`() {
        var cache = AddressCache()
        let now = Instant.zero
        for number in 0...AddressCache.namesMax {
            cache.store([place], of: "n\(number)", for: .seconds(60), now: now)
        }
        #expect(cache.count == AddressCache.namesMax)
        #expect(cache.hosts(of: "n\(AddressCache.namesMax)", now: now) != nil)
    }
}
