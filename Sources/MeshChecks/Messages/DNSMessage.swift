import MeshCore

// One question to a DNS server and what it answers (RFC 1035, 4; RFC 6891).
//
// Our own, and not c-ares's. c-ares 1.18, which Debian 12 has, asks the machine's servers well, and
// the Resolver leaves that to it. But a check is of one server, with an id, a port, a transport and
// retries that it must decide by itself, and its verdict needs what ares_parse_* do not tell: the
// response code, the TC bit, whether the question is repeated, and any type in one call. That is a
// few hundred lines over one bounded array, with every read within bounds by construction; they
// are fuzzed (Tests/Fuzz/DNS.swift).

/// One question.
package struct DNSQuery: Sendable, Hashable {
    /// What we take over UDP (the DNS flag day of 2020): it fits any path without fragments.
    package static let udpByteCount: UInt16 = 1_232

    package var id: UInt16
    package var name: DNSName
    package var type: DNSRecordType
    package var isRecursive: Bool
    /// Whether it says that we know EDNS; servers of last century refuse that.
    package var hasExtension = true

    package init(id: UInt16, name: DNSName, type: DNSRecordType, isRecursive: Bool) {
        self.id = id
        self.name = name
        self.type = type
        self.isRecursive = isRecursive
    }

    package var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 12 + name.wire.count + 4 + 11)
        writer.write(id)
        writer.write(isRecursive ? 0x0100 : 0 as UInt16)
        writer.write(1 as UInt16)
        writer.write(0 as UInt32)
        writer.write(hasExtension ? 1 : 0 as UInt16)
        writer.writeRaw(name.wire)
        writer.write(type.rawValue)
        writer.write(DNSResponse.internet)
        if hasExtension {
            // The root's OPT record: no options, no flags.
            writer.write(0 as UInt8)
            writer.write(DNSResponse.extensionType)
            writer.write(Self.udpByteCount)
            writer.write(0 as UInt32)
            writer.write(0 as UInt16)
        }
        return writer.bytes
    }
}

/// The answer to a `DNSQuery`: its code, and the records of the type that was asked for which
/// belong to the name, or to one that it is another word for (CNAME).
///
/// Strict: a message that ends early, a name that points anywhere but back, a record whose data is
/// not what its type says, is refused. Bytes behind the last record are let be, as resolvers do.
///
/// Bounds: the message's own, at most 65,535 bytes, so 5,956 records; 255 bytes and `jumpsMax`
/// pointers a name; `aliasesMax` further names.
package struct DNSResponse: Sendable {
    package static let byteCountMax = 65_535
    static let internet: UInt16 = 1
    static let extensionType: UInt16 = 41
    static let jumpsMax = 32
    static let aliasesMax = 16

    package enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// Not an answer to this question: somebody else's, or junk. It is passed over.
        case unrelated
        case endsEarly
        case badName
        case nameLoops
        case badRecord(DNSRecordType)
        case tooManyAliases

        package var description: String {
            switch self {
            case .unrelated: "answers another question"
            case .endsEarly: "ends in the middle of a record"
            case .badName: "has a name that is none"
            case .nameLoops: "has a name whose compression leads nowhere"
            case .badRecord(let type): "has a record of type \(type.word) that is none"
            case .tooManyAliases: "leads through too many aliases"
            }
        }
    }

    package private(set) var code: DNSCode
    /// It did not fit: the same question over TCP has all of it.
    package let isTruncated: Bool
    package let hasExtension: Bool
    /// How many records there are.
    package var count: Int { found.count }

    private let type: DNSRecordType
    private let bytes: [UInt8]
    /// The data of each.
    private let found: [Range<Int>]

    /// Whether the first `count` bytes may be an answer to some question: of those that are none to
    /// ours, what tells a stranger's from junk.
    package static func isAnswer(_ bytes: [UInt8], count: Int) -> Bool {
        guard count >= 12, bytes[2] & 0xF8 == 0x80 else { return false }
        var reader = DNSReader(bytes, count: count)
        do throws(Fault) {
            for _ in 0..<2 { _ = try reader.word() }
            let questionCount = try reader.word()
            for _ in 0..<3 { _ = try reader.word() }
            guard questionCount <= 1 else { return false }
            if questionCount == 1 { try reader.skipQuestion() }
            return true
        } catch {
            return false
        }
    }

    /// Reads the first `count` bytes as the answer to `query`. Of a truncated message the records
    /// are not read.
    package init(_ bytes: [UInt8], count: Int, to query: DNSQuery) throws(Fault) {
        var reader = DNSReader(bytes, count: count)
        guard count >= 12, try reader.word() == query.id else { throw .unrelated }
        let flags = try reader.word()
        let counts = [try reader.word(), try reader.word(), try reader.word(), try reader.word()]
        let code = DNSCode(number: flags & 0xF)
        // An answer, to a query of the plain kind.
        guard flags & 0xF800 == 0x8000 else { throw .unrelated }
        switch counts[0] {
        case 1: guard try reader.isQuestion(of: query) else { throw .unrelated }
        // Servers that could not, or would not, read the question need not repeat it.
        case 0: guard code != .noError, code != .noSuchName else { throw .unrelated }
        default: throw .unrelated
        }
        self.code = code
        self.bytes = bytes
        type = query.type
        isTruncated = flags & 0x0200 != 0
        guard !isTruncated else {
            found = []
            hasExtension = false
            return
        }
        var answers: [DNSReader.Record] = []
        for _ in 0..<counts[1] { answers.append(try reader.record()) }
        var extended: UInt16?
        for _ in 0..<Int(counts[2]) + Int(counts[3]) {
            let record = try reader.record()
            if record.type == Self.extensionType, extended == nil {
                extended = UInt16(truncatingIfNeeded: record.life >> 24)
            }
        }
        hasExtension = extended != nil
        if let extended { self.code = DNSCode(number: extended << 4 | code.number) }
        // Without a question there is nothing that they could be the answer to.
        found = counts[0] == 0 ? [] : try Self.records(in: answers, of: query, reader)
    }

    /// The data of those records that answer the question, each of which is checked.
    private static func records(
        in answers: [DNSReader.Record], of query: DNSQuery, _ reader: DNSReader
    ) throws(Fault) -> [Range<Int>] {
        // Where the question's own name begins: nearly every answer points there.
        let questionPlace = 12
        var names = [query.name.wire]
        var owners: [[UInt8]] = []
        for answer in answers {
            owners.append(
                answer.pointsTo == questionPlace
                    ? query.name.wire : try reader.name(at: answer.start).wire)
        }
        // A chain of aliases need not stand in its order: until none leads on.
        var hasGrown = query.type != .cname
        while hasGrown {
            hasGrown = false
            for (answer, owner) in zip(answers, owners)
            where answer.type == DNSRecordType.cname.rawValue && answer.class == internet
                && names.contains(owner)
            {
                let target = try reader.wholeName(in: answer.data, of: .cname)
                guard !names.contains(target.wire) else { continue }
                names.append(target.wire)
                guard names.count <= aliasesMax else { throw .tooManyAliases }
                hasGrown = true
            }
        }
        var found: [Range<Int>] = []
        for (answer, owner) in zip(answers, owners)
        where answer.type == query.type.rawValue && answer.class == internet
            && names.contains(owner)
        {
            try reader.check(answer.data, as: query.type)
            found.append(answer.data)
        }
        return found
    }

    /// The records' data as zone files have it (RFC 1035, 5.1), but for what nobody wants to write:
    /// names have no final dot, the strings of a TXT are one and without quotes.
    package var texts: [String] {
        let reader = DNSReader(bytes, count: bytes.count)
        // Each was checked as it was found.
        return found.compactMap { try? reader.text(of: $0, as: type) }
    }
}
