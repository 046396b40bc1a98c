import MeshCore
import Testing

@testable import MeshMembership

@Suite struct DisseminationQueueTests {
    private func update(_ number: UInt8, bytes: Int = 10) -> Update {
        Update(kind: 2, body: [UInt8](repeating: number, count: bytes))
    }
    private func key(_ number: Int) -> DisseminationQueue.Key {
        .init(subject: Bytes16(high: UInt64(number), low: 0))
    }
    private func told(
        _ queue: inout DisseminationQueue, budget: Int = 1_000, limit: Int = 4
    ) throws -> [UInt8] {
        var writer = ByteWriter()
        let used = queue.fill(&writer, budget: budget, limit: limit)
        #expect(used == writer.count)
        #expect(used <= budget)
        var reader = ByteReader(writer.bytes)
        var numbers: [UInt8] = []
        while !reader.isAtEnd { numbers.append(try reader.readUpdate().body[0]) }
        return numbers
    }

    @Test func `an update is told as often as the limit says and then dropped`() throws {
        var queue = DisseminationQueue()
        queue.enqueue(update(1), about: key(1))
        for _ in 0..<4 { #expect(try told(&queue) == [1]) }
        #expect(try told(&queue) == [])
        #expect(queue.isEmpty && queue.byteCount == 0)
    }

    @Test func `what was told least goes first`() throws {
        var queue = DisseminationQueue()
        queue.enqueue(update(1), about: key(1))
        _ = try told(&queue)
        queue.enqueue(update(2), about: key(2))
        #expect(queue.hasNews)
        #expect(try told(&queue, budget: 12) == [2])
        #expect(!queue.hasNews)
        #expect(try told(&queue) == [1, 2])
    }

    @Test func `newer news of one subject replaces the older and starts afresh`() throws {
        var queue = DisseminationQueue()
        queue.enqueue(update(1), about: key(1))
        for _ in 0..<3 { _ = try told(&queue) }
        queue.enqueue(update(2), about: key(1))
        for _ in 0..<4 { #expect(try told(&queue) == [2]) }
        #expect(queue.isEmpty)
    }

    @Test func `one that does not fit is passed over for smaller ones`() throws {
        var queue = DisseminationQueue()
        queue.enqueue(update(1, bytes: 200), about: key(1))
        queue.enqueue(update(2, bytes: 10), about: key(2))
        #expect(try told(&queue, budget: 50) == [2])
        #expect(try told(&queue, budget: 500) == [1, 2])
    }

    @Test func `a full queue drops what was told most`() throws {
        var queue = DisseminationQueue()
        queue.enqueue(update(7), about: key(1))
        _ = try told(&queue)
        for number in 2...MembershipBounds.queuedUpdatesMax + 1 {
            queue.enqueue(update(0), about: key(number))
        }
        #expect(queue.count == MembershipBounds.queuedUpdatesMax)
        #expect(!(try told(&queue, budget: 100_000)).contains(7))
    }

    @Test func `it agrees with a plain list through random use`() throws {
        var generator = SeededGenerator(seed: 11)
        var queue = DisseminationQueue()
        var model: [(key: Int, number: UInt8, told: Int)] = []
        for step in 0..<5_000 {
            let subject = generator.index(below: 20)
            switch generator.index(below: 4) {
            case 0:
                let number = UInt8(step % 250)
                queue.enqueue(update(number), about: key(subject))
                model.removeAll { $0.key == subject }
                model.append((subject, number, 0))
            case 1:
                queue.remove(key(subject))
                model.removeAll { $0.key == subject }
            default:
                let numbers = try told(&queue, budget: 36)
                let least = model.map(\.told).sorted().prefix(3)
                #expect(numbers.count == least.count)
                for number in numbers {
                    let place = try #require(model.firstIndex { $0.number == number })
                    #expect(least.contains(model[place].told))
                    model[place].told += 1
                }
                model.removeAll { $0.told == 4 }
            }
            #expect(queue.count == model.count)
            #expect(queue.byteCount == model.count * 12)
        }
    }
}

@Suite struct GossipLanesTests {
    private func fill(_ lanes: inout GossipLanes, budget: Int) throws -> [UInt8: Int] {
        var writer = ByteWriter()
        lanes.fill(&writer, budget: budget, limit: 4, newsLimit: 4)
        #expect(writer.count <= budget)
        var reader = ByteReader(writer.bytes)
        var byKind: [UInt8: Int] = [:]
        var bodies: Set<[UInt8]> = []
        while !reader.isAtEnd {
            let update = try reader.readUpdate()
            byKind[update.kind, default: 0] += update.encodedByteCount
            #expect(bodies.insert(update.body).inserted, "nothing is told twice in one datagram")
        }
        return byKind
    }

    private func storm(_ lanes: inout GossipLanes, kind: UInt8, count: Int) {
        for number in 0..<count {
            var writer = ByteWriter()
            writer.write(UInt32(number))
            writer.write(UInt64(kind))
            writer.writeRaw([UInt8](repeating: 0, count: 36))
            lanes[GossipLane(ofKind: kind)].enqueue(
                Update(kind: kind, body: writer.bytes),
                about: .init(subject: Bytes16(high: UInt64(number), low: UInt64(kind))))
        }
    }

    @Test func `a storm in one lane leaves the others their share`() throws {
        var lanes = GossipLanes()
        for kind: UInt8 in [2, 32, 64, 96] { storm(&lanes, kind: kind, count: 500) }
        let told = try fill(&lanes, budget: 1_100)
        #expect(told[2] ?? 0 >= 390)
        #expect(told[32] ?? 0 >= 390)
        #expect(told[64] ?? 0 >= 100)
        #expect(told[96] ?? 0 >= 100)
    }

    @Test func `what one lane leaves the others take`() throws {
        var lanes = GossipLanes()
        storm(&lanes, kind: 32, count: 500)
        storm(&lanes, kind: 64, count: 1)
        let told = try fill(&lanes, budget: 1_100)
        #expect(told[64] == 50)
        #expect(told[32] ?? 0 >= 1_000)
    }

    @Test func `a kind of a later version still has its lane`() {
        #expect(GossipLane(ofKind: 31) == .membership)
        #expect(GossipLane(ofKind: 63) == .flips)
        #expect(GossipLane(ofKind: 95) == .notices)
        #expect(GossipLane(ofKind: 255) == .other)
    }
}
