import MeshMembership
import Testing

struct StandingTests {
    /// Every standing of three generations and three incarnations.
    static let all = (1...3).flatMap { generation in
        (0...2).flatMap { incarnation in
            MemberState.allCases.map {
                Standing(
                    generation: UInt32(generation), incarnation: UInt32(incarnation), state: $0)
            }
        }
    }

    @Test func `of two standings one is less, or they are equal`() {
        for left in Self.all {
            for right in Self.all {
                let relations = [left < right, right < left, left == right]
                #expect(relations.count { $0 } == 1, "\(left) and \(right)")
            }
        }
    }

    @Test func `the order is transitive`() {
        for low in Self.all {
            for middle in Self.all where low < middle {
                let misplaced = Self.all.filter { middle < $0 && !(low < $0) }
                #expect(misplaced.isEmpty, "\(low) < \(middle)")
            }
        }
    }

    @Test func `within a generation and an incarnation an end outweighs a life`() {
        let order: [MemberState] = [.alive, .suspect, .dead, .forgotten]
        for incarnation in 0...2 as ClosedRange<UInt32> {
            let standings = order.map {
                Standing(generation: 2, incarnation: incarnation, state: $0)
            }
            #expect(standings == standings.sorted())
        }
    }

    @Test func `a refutation outweighs every accusation of the incarnation before`() {
        let refuted = Standing(generation: 2, incarnation: 1, state: .alive)
        for state in [MemberState.alive, .suspect, .dead, .forgotten] {
            #expect(Standing(generation: 2, incarnation: 0, state: state) < refuted)
        }
    }

    @Test func `a goodbye outweighs all of its generation and nothing of the next`() {
        let goodbye = Standing(generation: 2, incarnation: 0, state: .left)
        for other in Self.all where other.state != .left {
            #expect((other < goodbye) == (other.generation <= 2), "\(other)")
        }
    }

    @Test func `a new generation outweighs whatever was said of the one before`() {
        for other in Self.all where other.generation == 1 {
            #expect(other < Standing(generation: 2, incarnation: 0, state: .alive))
        }
    }

    @Test func `reachable is alive or suspect, known is reachable or dead`() {
        #expect(MemberState.allCases.filter(\.isReachable) == [.alive, .suspect])
        #expect(MemberState.allCases.filter(\.isKnown) == [.alive, .suspect, .dead])
    }
}
