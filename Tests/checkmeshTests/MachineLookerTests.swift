import MeshChecks
import MeshCore
import Testing

@testable import checkmesh

struct MachineLookerTests {
    @Test(arguments: [1, 8, 300])
    func `every look is told once, however many are under way`(atOnce: Int) throws {
        // Nobody listens at port 1: each ends at once, and begins another.
        let check = TCPCheck(address: try HostPort("127.0.0.1:1"))
        let kinds = [CheckKind](repeating: .tcp(check), count: 200)
        var told = [Int](repeating: 0, count: kinds.count)
        try MachineLooker().look(at: kinds, atOnce: atOnce) { place, result in
            told[place] += 1
            #expect(result.observation.outcome == .saw(.down, Reason("connection refused")))
        }
        #expect(told.allSatisfy { $0 == 1 })
    }
}
