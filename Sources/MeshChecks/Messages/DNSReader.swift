import MeshCore

/// Reads a DNS message: numbers, compressed names, records and their data. Nothing is read from
/// beyond its end, and nothing is followed but backwards.
struct DNSReader {
    typealias Fault = DNSResponse.Fault

    private let bytes: [UInt8]
    private let end: Int
    private var place = 0

    struct Record {
        /// Where its owner's name begins.
        var start: Int
        /// Where that name is, if it is a pointer and nothing else.
        var pointsTo: Int?
        var type: UInt16
        var `class`: UInt16
        var life: UInt32
        var data: Range<Int>
    }

    /// Expects no more than there is.
    init(_ bytes: [UInt8], count: Int) {
        precondition(count <= bytes.count, "expected a part of the bytes")
        self.bytes = bytes
        end = count
    }

    // MARK: The message

    mutating func word() throws(Fault) -> UInt16 {
        let word = try number(at: place, count: 2, before: end)
        place += 2
        return UInt16(truncatingIfNeeded: word)
    }

    /// Reads one question; whether it is this one. Its name cannot be compressed: nothing is before
    /// it.
    mutating func isQuestion(of query: DNSQuery) throws(Fault) -> Bool {
        let name = query.name.wire
        guard place + name.count + 4 <= end else { throw .unrelated }
        for (offset, byte) in name.enumerated()
        where DNSName.lowered(bytes[place + offset]) != byte { return false }
        place += name.count
        let (type, `class`) = (try word(), try word())
        return type == query.type.rawValue && `class` == DNSResponse.internet
    }

    /// Reads past one question, whatever it is.
    mutating func skipQuestion() throws(Fault) {
        place = try skipName(at: place)
        _ = (try word(), try word())
    }

    mutating func record() throws(Fault) -> Record {
        let start = place
        place = try skipName(at: start)
        var pointsTo: Int?
        if place - start == 2, bytes[start] >= 0xC0 {
            pointsTo = Int(bytes[start] & 0x3F) << 8 | Int(bytes[start + 1])
        }
        let type = try word()
        let `class` = try word()
        let life = try number(at: place, count: 4, before: end)
        place += 4
        let count = Int(try word())
        guard place + count <= end else { throw .endsEarly }
        defer { place += count }
        return Record(
            start: start, pointsTo: pointsTo, type: type, class: `class`,
            life: UInt32(truncatingIfNeeded: life), data: place..<place + count)
    }

    private func number(at place: Int, count: Int, before end: Int) throws(Fault) -> UInt64 {
        guard place + count <= end else { throw .endsEarly }
        var value: UInt64 = 0
        for offset in 0..<count { value = value << 8 | UInt64(bytes[place + offset]) }
        return value
    }

    // MARK: Names

    /// Where what follows the name begins.
    private func skipName(at start: Int) throws(Fault) -> Int {
        var place = start
        while true {
            guard place < end else { throw .endsEarly }
            switch bytes[place] {
            case 0: return place + 1
            case 1...0x3F: place += 1 + Int(bytes[place])
            case 0xC0...0xFF:
                guard place + 2 <= end else { throw .endsEarly }
                return place + 2
            default: throw .badName
            }
            guard place - start < DNSName.byteCountMax else { throw .badName }
        }
    }

    /// Follows pointers only to before where the part that has them began, so that every one leads
    /// further back, and at most `jumpsMax` of them, so that a message of nothing but pointers costs
    /// no more than one of names.
    func name(at start: Int) throws(Fault) -> DNSName {
        var wire: [UInt8] = []
        var (place, partStart, jumps) = (start, start, 0)
        while true {
            guard place < end else { throw .endsEarly }
            let length = Int(bytes[place])
            switch length {
            case 0:
                wire.append(0)
                return DNSName(wire: wire)
            case 1...0x3F:
                guard place + 1 + length <= end else { throw .endsEarly }
                guard wire.count + 1 + length < DNSName.byteCountMax else { throw .badName }
                wire.append(bytes[place])
                for byte in bytes[place + 1...place + length] { wire.append(DNSName.lowered(byte)) }
                place += 1 + length
            case 0xC0...:
                guard place + 2 <= end else { throw .endsEarly }
                let target = (length & 0x3F) << 8 | Int(bytes[place + 1])
                jumps += 1
                guard target < partStart, jumps <= DNSResponse.jumpsMax else { throw .nameLoops }
                (place, partStart) = (target, target)
            default: throw .badName
            }
        }
    }

    /// The one name that `data` is to hold, and nothing else.
    func wholeName(in data: Range<Int>, of type: DNSRecordType) throws(Fault) -> DNSName {
        guard try skipName(at: data.lowerBound) == data.upperBound else { throw .badRecord(type) }
        return try name(at: data.lowerBound)
    }

    // MARK: Data

    func check(_ data: Range<Int>, as type: DNSRecordType) throws(Fault) {
        switch type {
        // What every look would pay for, and that is no more than its length.
        case .a: guard data.count == 4 else { throw .badRecord(type) }
        case .aaaa: guard data.count == 16 else { throw .badRecord(type) }
        case .ns, .cname, .soa, .ptr, .mx, .txt, .srv, .caa: _ = try text(of: data, as: type)
        }
    }

    func text(of data: Range<Int>, as type: DNSRecordType) throws(Fault) -> String {
        let start = data.lowerBound
        switch type {
        case .a:
            guard data.count == 4 else { throw .badRecord(type) }
            let address = UInt32(truncatingIfNeeded: try numbers(at: start, [4], in: data, type)[0])
            return SocketAddress(ipv4: address, port: 0).hostText
        case .aaaa:
            guard data.count == 16 else { throw .badRecord(type) }
            let words = try numbers(at: start, [8, 8], in: data, type)
            return Self.ipv6(Bytes16(high: words[0], low: words[1]))
        case .ns, .cname, .ptr:
            return try wholeName(in: data, of: type).description
        case .mx:
            let preference = try numbers(at: start, [2], in: data, type)[0]
            guard data.count > 2 else { throw .badRecord(type) }
            return "\(preference) \(try wholeName(in: start + 2..<data.upperBound, of: type))"
        case .srv:
            let numbers = try numbers(at: start, [2, 2, 2], in: data, type)
            guard data.count > 6 else { throw .badRecord(type) }
            let target = try wholeName(in: start + 6..<data.upperBound, of: type)
            return "\(numbers[0]) \(numbers[1]) \(numbers[2]) \(target)"
        case .soa:
            let second = try skipName(at: start)
            let third = try skipName(at: second)
            guard third + 20 == data.upperBound else { throw .badRecord(type) }
            let numbers = try numbers(at: third, [4, 4, 4, 4, 4], in: data, type)
            return "\(try name(at: start)) \(try name(at: second)) "
                + numbers.map { String($0) }.joined(separator: " ")
        case .txt:
            return Self.text(of: try strings(in: data))
        case .caa:
            guard data.count >= 2 else { throw .badRecord(type) }
            let tagEnd = start + 2 + Int(bytes[start + 1])
            guard tagEnd > start + 2, tagEnd <= data.upperBound else { throw .badRecord(type) }
            let tag = Self.text(of: Array(bytes[start + 2..<tagEnd]))
            let value = Self.text(of: Array(bytes[tagEnd..<data.upperBound]))
            return "\(bytes[start]) \(tag) \"\(value)\""
        }
    }

    private func numbers(
        at start: Int, _ sizes: [Int], in data: Range<Int>, _ type: DNSRecordType
    ) throws(Fault) -> [UInt64] {
        guard start + sizes.reduce(0, +) <= data.upperBound else { throw .badRecord(type) }
        var place = start
        var numbers: [UInt64] = []
        for size in sizes {
            numbers.append(try number(at: place, count: size, before: data.upperBound))
            place += size
        }
        return numbers
    }

    /// All strings as one, as those who write policies into them mean it (RFC 7208, 3.3).
    private func strings(in data: Range<Int>) throws(Fault) -> [UInt8] {
        guard !data.isEmpty else { throw .badRecord(.txt) }
        var all: [UInt8] = []
        var place = data.lowerBound
        while place < data.upperBound {
            let next = place + 1 + Int(bytes[place])
            guard next <= data.upperBound else { throw .badRecord(.txt) }
            all += bytes[place + 1..<next]
            place = next
        }
        return all
    }

    /// UTF-8 as it is, anything else byte by byte.
    private static func text(of bytes: [UInt8]) -> String {
        let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        if isPlain, let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(
            decoding: bytes.flatMap { $0 == 0x20 ? [$0] : DNSName.printable($0) }, as: UTF8.self)
    }

    /// An address that maps an IPv4 one is another than that: it must not read the same.
    static func ipv6(_ host: Bytes16) -> String {
        let address = SocketAddress(host: host, port: 0)
        return address.isIPv4 ? "::ffff:\(address.hostText)" : address.hostText
    }
}
