import MeshCore
import MeshEngine
import MeshMembership
import Testing

@Suite struct CourierTests {
    private static let room = 1_138
    private let bob = NodeID(Bytes16(high: 2, low: 0))
    private let carol = NodeID(Bytes16(high: 3, low: 0))

    private func courier() -> Courier { Courier(room: Self.room, firstNumber: 100) }
    private func update(_ number: Int, bytes: Int = 100) -> Update {
        Update(kind: UpdateKind.stance, body: [UInt8](repeating: UInt8(number % 251), count: bytes))
    }
    private func key(_ number: Int) -> DisseminationQueue.Key {
        .init(subject: Bytes16(high: UInt64(number), low: 0))
    }
    private func at(_ milliseconds: Int64) -> Instant {
        Instant(nanoseconds: 1_000_000_000) + .milliseconds(milliseconds)
    }
    private func sendAll(_ courier: inout Courier, at now: Instant) -> [Courier.Dispatch] {
        var sent: [Courier.Dispatch] = []
        while let one = courier.popSend(retry: .milliseconds(30), now: now) { sent.append(one) }
        return sent
    }

    @Test func `an update leaves at once and is done when it is acknowledged`() throws {
        var courier = courier()
        courier.enqueue(update(1), about: key(1), to: bob)
        let sent = sendAll(&courier, at: at(0))
        #expect(sent.map(\.node) == [bob])
        #expect(sent.map(\.updates) == [[update(1)]])
        let number = try #require(sent.first?.number)
        courier.handle(received: number, from: carol)
        #expect(courier.count == 1, "another's acknowledgement is none")
        courier.handle(received: number, from: bob)
        #expect(courier.isEmpty)
        courier.handleDeadline(now: at(10_000))
        #expect(sendAll(&courier, at: at(10_000)).isEmpty)
    }

    @Test func `updates for one member share a datagram, and members do not`() {
        var courier = courier()
        for number in 0..<25 { courier.enqueue(update(number), about: key(number), to: bob) }
        courier.enqueue(update(99), about: key(99), to: carol)
        let sent = sendAll(&courier, at: at(0))
        #expect(sent.filter { $0.node == bob }.map(\.updates.count) == [11, 11, 3])
        #expect(sent.filter { $0.node == carol }.map(\.updates.count) == [1])
        #expect(sent.first?.updates == (0..<11).map { update($0) }, "the oldest go first")
        for parcel in sent {
            #expect(parcel.updates.reduce(0) { $0 + $1.encodedByteCount } <= Self.room)
        }
        #expect(Set(sent.map(\.number)).count == sent.count)
    }

    @Test func `eight parcels are under way, the rest waits for an acknowledgement`() throws {
        var courier = courier()
        for number in 0..<12 {
            courier.enqueue(update(number, bytes: 1_000), about: key(number), to: bob)
        }
        let sent = sendAll(&courier, at: at(0))
        #expect(sent.count == 8)
        courier.handle(received: sent[3].number, from: bob)
        #expect(sendAll(&courier, at: at(1)).map(\.updates) == [[update(8, bytes: 1_000)]])
    }

    @Test func `a newer update replaces one that waits`() {
        var courier = courier()
        courier.enqueue(update(1), about: key(1), to: bob)
        courier.enqueue(update(2), about: key(1), to: bob)
        #expect(courier.count == 1)
        #expect(sendAll(&courier, at: at(0)).map(\.updates) == [[update(2)]])
    }

    @Test func `what is outdated is not sent again`() throws {
        var courier = courier()
        courier.enqueue(update(1), about: key(1), to: bob)
        courier.enqueue(update(5), about: key(5), to: bob)
        let first = try #require(sendAll(&courier, at: at(0)).first)
        courier.enqueue(update(2), about: key(1), to: bob)
        #expect(sendAll(&courier, at: at(1)).map(\.updates) == [[update(2)]])
        courier.handleDeadline(now: at(100))
        let again = sendAll(&courier, at: at(100))
        #expect(again.map(\.number) == [first.number])
        #expect(again.map(\.updates) == [[update(5)]])
        courier.handle(received: first.number, from: bob)
        #expect(courier.count == 1, "the newer one is not acknowledged by the older")
    }

    @Test func `a parcel whose updates are all replaced is waited for no more`() throws {
        var courier = courier()
        courier.enqueue(update(1), about: key(1), to: bob)
        let first = try #require(sendAll(&courier, at: at(0)).first)
        courier.enqueue(update(2), about: key(1), to: bob)
        let second = try #require(sendAll(&courier, at: at(50)).first)
        courier.handleDeadline(now: at(120))
        #expect(sendAll(&courier, at: at(120)).isEmpty)
        courier.handle(received: first.number, from: bob)
        #expect(courier.count == 1)
        courier.handle(received: second.number, from: bob)
        #expect(courier.isEmpty)
    }

    @Test func `a parcel is sent eight times, ever later, and then given up`() throws {
        var courier = courier()
        courier.enqueue(update(1), about: key(1), to: bob)
        _ = sendAll(&courier, at: at(0))
        var moments: [Instant] = []
        while let deadline = courier.nextDeadline {
            courier.handleDeadline(now: deadline)
            if !sendAll(&courier, at: deadline).isEmpty { moments.append(deadline) }
        }
        #expect(moments == [100, 300, 700, 1_500, 2_500, 3_500, 4_500].map(at))
        #expect(courier.isEmpty)
        #expect(courier.counters.givenUp == 1)
    }

    @Test func `a far member is given its round trip`() {
        var courier = courier()
        courier.enqueue(update(1), about: key(1), to: bob)
        _ = courier.popSend(retry: .milliseconds(450), now: at(0))
        #expect(courier.nextDeadline == at(450))
    }

    @Test func `nothing more is tried with a member that is gone`() {
        var courier = courier()
        courier.enqueue(update(1), about: key(1), to: bob)
        courier.enqueue(update(2), about: key(2), to: carol)
        _ = sendAll(&courier, at: at(0))
        courier.forget(bob)
        #expect(courier.count == 1)
        courier.handleDeadline(now: at(100))
        #expect(sendAll(&courier, at: at(100)).map(\.node) == [carol])
    }

    @Test func `at a member's bound the oldest gives way and is counted`() {
        var courier = courier()
        for number in 0..<Courier.perPeerMax + 2 {
            courier.enqueue(update(number), about: key(number), to: bob)
        }
        #expect(courier.count(for: bob) == Courier.perPeerMax)
        #expect(courier.counters.dropped == 2)
        #expect(sendAll(&courier, at: at(0)).first?.updates.first == update(2))
    }

    @Test func `at the bound of all the oldest of all gives way`() {
        var courier = courier()
        let first = NodeID(Bytes16(high: 1_000, low: 0))
        courier.enqueue(update(7), about: key(7), to: first)
        for number in 0..<Courier.totalMax + 40_000 {
            let node = NodeID(Bytes16(high: 2_000 + UInt64(number % 64), low: 0))
            courier.enqueue(update(1, bytes: 1), about: key(number), to: node)
        }
        #expect(courier.count == Courier.totalMax)
        #expect(courier.count(for: first) == 0)
        #expect(courier.counters.dropped == 40_001)
    }
}
