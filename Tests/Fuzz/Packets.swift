import MeshChecks
import MeshCore

/// What targets send in answer to `dns` and `icmp` checks. The first byte says which it is: the type
/// of record that was asked for, or how an echo message is heard.
enum Target: FuzzTarget {
    private static let types = DNSRecordType.allCases
    private static let question = DNSName("www.example.com").map { name in
        types.map { DNSQuery(id: 0x1234, name: name, type: $0, isRecursive: true) }
    }

    static var seeds: [[UInt8]] {
        let name: [UInt8] = [4] + Array("mail".utf8) + [0xC0, 12]
        let data: [DNSRecordType: [UInt8]] = [
            .a: [192, 0, 2, 1], .aaaa: [UInt8](repeating: 1, count: 16), .ns: name, .cname: name,
            .ptr: name, .soa: name + name + [UInt8](repeating: 1, count: 20), .mx: [0, 10] + name,
            .txt: [3, 0x61, 0x62, 0x63, 0], .srv: [0, 1, 0, 2, 0, 3] + name,
            .caa: [0, 5] + Array("issueca.example".utf8),
        ]
        var seeds: [[UInt8]] = []
        for (index, query) in (question ?? []).enumerated() {
            let data = data[query.type] ?? []
            let alias: [UInt8] = [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 0x78, 0xC0, 12]
            let type = query.type.rawValue
            let record =
                [UInt8(type >> 8), UInt8(type & 0xFF), 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)]
                + data
            var answer = query.bytes
            (answer[2], answer[3], answer[7]) = (0x81, 0x80, 3)
            let end = answer.count - 11
            answer.insert(
                contentsOf: alias + [0xC0, 12] + record + [1, 0x78, 0xC0, 12] + record, at: end)
            seeds.append([UInt8(index)] + answer)
        }
        let mark = EchoMessage.Mark(token: 0x0102_0304_0506_0708, number: 3)
        for isIPv4 in [true, false] {
            let request = EchoMessage.request(
                isIPv4: isIPv4, identifier: 1, sequence: 2, mark: mark, size: 56)
            for way in 0..<8 { seeds.append([UInt8(0x80 | way)] + request) }
            let header = [0x45] + [UInt8](repeating: 0, count: 19)
            for way in 0..<8 { seeds.append([UInt8(0x80 | way)] + header + request) }
        }
        return seeds
    }

    static func run(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        if first >= 0x80 {
            let message = EchoMessage(
                rest, in: 0..<rest.count, isIPv4: first & 1 == 0, hasHeader: first & 2 != 0,
                isChecked: first & 4 != 0)
            precondition(message?.mark == nil || rest.count >= 24, "expected room for a mark")
            return
        }
        guard let query = question?[Int(first) % types.count],
            let response = try? DNSResponse(rest, count: rest.count, to: query)
        else { return }
        let texts = response.texts
        precondition(
            texts.count == response.count, "expected a text of each record that was checked")
        var check = DNSCheck(name: query.name)
        check.record = query.type
        check.expect = .all([.init("192.0.2.1")])
        _ = check.judge(response, NoPatterns())
        check.expect = .one(.contains("a"))
        _ = check.judge(response, NoPatterns())
    }

    private struct NoPatterns: PatternSearch {
        func find(_ expression: String, in bytes: [UInt8]) -> TextFinding { .absent }
    }
}
