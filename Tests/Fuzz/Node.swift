import MeshChecks
import MeshCore
import MeshEngine
import MeshMembership
import MeshNotices
import MeshVerdicts

/// A whole node under a script of datagrams, stream bytes and time, by peers that hold the mesh's
/// secret and say anything. Every signature is good and every seal opens: this looks for what
/// breaks a node, not for what cryptography keeps out.
///
/// It watches a check and tells a contact; the first byte says whether it is alone by configuration,
/// and then settled at once, and whether members answer its roll calls at once. A script is a row
/// of steps: an operation, its argument, and for those that carry bytes a length of two bytes and
/// that many.
enum Target: FuzzTarget {
    enum Operation: UInt8, CaseIterable {
        /// Time passes; the argument chooses how much.
        case wait
        /// A payload in a datagram from the peer that the argument names.
        case payload
        /// Bytes as a datagram, whatever they are.
        case datagram
        /// The peer that the argument names opens a stream.
        case accept
        /// Bytes, or the end, of the stream that the argument chooses among those open.
        case stream
        case close
        /// A stream that the node asked for is open.
        case opened
        /// The name of a seed has been looked up.
        case resolved
        /// Commands of the operator.
        case forget
        case leave
        /// A look that was ordered has seen what the argument says.
        case look
        /// The provider answers the attempt that the argument chooses.
        case deliver
        /// All whom the node has called answer the roll.
        case present
        case silence
        case setClock
    }

    static let waits: [TimeSpan] = [
        .zero, .milliseconds(20), .milliseconds(200), .seconds(1), .seconds(5), .seconds(40),
        .hours(25),
    ]
    static let stepsMax = 128

    static func run(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let first = try? reader.readUInt8() else { return }
        var stage = NodeStage(isAlone: first & 1 == 1, isAnswered: first & 2 == 2)
        for _ in 0..<stepsMax {
            guard let code = try? reader.readUInt8(), let argument = try? reader.readUInt8()
            else { return }
            let operations = Operation.allCases
            switch operations[Int(code) % operations.count] {
            case .wait: stage.wait(waits[Int(argument) % waits.count])
            case .payload: stage.receive(payload: carried(&reader), from: argument)
            case .datagram: stage.receive(datagram: carried(&reader), from: argument)
            case .accept: stage.accept(from: argument)
            case .stream: stage.happen(.received(carried(&reader)), onStream: argument)
            case .close: stage.happen(.closed, onStream: argument)
            case .opened: stage.happen(.opened, onStream: argument)
            case .resolved: stage.resolve(argument)
            case .forget: stage.forget(argument)
            case .leave: stage.leave()
            case .look: stage.look(argument)
            case .deliver: stage.deliver(argument)
            case .present: stage.answerRollCalls()
            case .silence: stage.silence(argument)
            case .setClock: stage.setClock(carried(&reader))
            }
        }
    }

    private static func carried(_ reader: inout ByteReader) -> [UInt8] {
        guard let count = try? reader.readUInt16() else { return [] }
        return Array((try? reader.readRaw(min(Int(count), reader.remaining))) ?? [])
    }
}

// MARK: Scripts to start from

extension Target {
    static var seeds: [[UInt8]] {
        let peers = Seeds.peers
        let ownID = NodeID(of: NodeStage.own.key, using: OpenCryptography())
        let joining: [UInt8] = peers.indices.flatMap { number in
            payload(.gossip, [peers[number].update], from: number)
        }
        let pings: [Message] = [
            .ping(sequence: 1, target: NodePrefix(of: ownID), digest: 9, truth: 8),
            .pingRequest(sequence: 2, target: peers[1].id), .nack(sequence: 3),
            .ack(sequence: 1, digest: 9, truth: 8),
        ]
        let talk: [UInt8] = pings.flatMap { payload($0, [], from: 0) + step(.wait, 3) }
        let claims: [UInt8] = MemberClaim.Kind.allCases.flatMap { kind in
            payload(
                .gossip, [peers[0].claim(kind, of: kind == .left ? peers[0] : peers[1])],
                from: 0) + step(.wait, 5)
        }
        let accusation = payload(
            .gossip,
            [
                .claim(
                    MemberClaim(
                        .suspect, subject: ownID, generation: 2, incarnation: 0,
                        author: peers[0].id), Seeds.signature)
            ], from: 0)
        let hello = Frame.hello(
            .init(
                node: peers[0].id, generation: 2, bootID: peers[0].bootID, wireVersions: 1...1))
        let ownHello = Frame.hello(
            .init(node: ownID, generation: 9, bootID: BootID(1), wireVersions: 1...1))
        let entries: [MemberEntry] = peers.map {
            MemberEntry(secondsEnded: 0, alive: $0.update, claim: nil)
        }
        let dead = MemberEntry(
            secondsEnded: 60, alive: peers[1].update, claim: peers[0].claim(.dead, of: peers[1]))
        let lists: [Frame] = [
            .offer([UInt64](repeating: 5, count: MemberDigest.bucketCount)), .request(.max),
            .entries(entries + [dead]), .end,
        ]
        let talkOfLists: [UInt8] = lists.flatMap { stream($0) }
        let sync = step(.accept, 0) + stream(hello) + talkOfLists + step(.wait, 4)
        let answer: [UInt8] = lists.dropFirst().flatMap { stream($0) }
        let asked = step(.resolved, 2) + step(.opened, 0) + stream(hello) + answer
        let clone = step(.accept, 3) + stream(ownHello) + step(.wait, 4)
        let waiting = step(.wait, 4) + step(.present, 0)
        let verdicts: [UInt8] = [0, 1].flatMap { number in
            payload(
                .foreign(kind: 20, fields: []),
                [
                    Seeds.entry(
                        of: Seeds.peerKeys[number], .dissents(.up), for: Seeds.firstFlip,
                        sequence: 1
                    ).update()
                ], from: number)
        }
        let minting = joining + waiting + verdicts + waiting + waiting
        let falling: [UInt8] = [0, 1].flatMap { number in
            payload(
                .foreign(kind: 20, fields: []),
                [
                    Seeds.entry(
                        of: Seeds.peerKeys[number], .dissents(.down), for: Seeds.secondFlip,
                        sequence: 2
                    ).update()
                ], from: number)
        }
        let telling = minting + falling + waiting + step(.deliver, 1) + waiting + step(.deliver, 0)
        let looking: [UInt8] = [0x10, 2, 2, 0].flatMap { step(.look, $0) + waiting }
        let words: [UInt8] = Seeds.updatesOfChecks.enumerated().flatMap { number, update in
            payload(.foreign(kind: 20, fields: []), [update], from: number % 3)
        }
        let dossiers: [TruthFrame] = [
            .buckets([UInt64](repeating: 5, count: TruthDigest.bucketCount)), .wants([]),
            .dossiers([Dossier(key: Seeds.check.id.bytes, updates: Seeds.updatesOfChecks)]), .end,
        ]
        let exchange =
            step(.accept, 0) + stream(hello)
            + dossiers.flatMap { stream(.foreign(kind: $0.kind, body: $0.body)) }
        let alone: [[UInt8]] = [
            minting, telling + step(.silence, 20), minting + looking, joining + words + waiting,
            exchange + joining + waiting + waiting, minting + falling + step(.silence, 0) + waiting,
        ]
        let scripts = [
            joining, joining + talk, joining + claims, joining + accusation + step(.wait, 5), sync,
            asked, clone + clone, joining + step(.wait, 6) + step(.forget, 1) + step(.wait, 5),
            joining + step(.leave, 0) + step(.wait, 4),
        ]
        return scripts.map { [0] + $0 } + alone.flatMap { [[1] + $0, [3] + $0] }
    }

    private static func step(_ operation: Operation, _ argument: UInt8) -> [UInt8] {
        [operation.rawValue, argument]
    }

    private static func carry(
        _ operation: Operation, _ argument: UInt8, _ bytes: [UInt8]
    ) -> [UInt8] {
        step(operation, argument) + [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }

    private static func payload(
        _ message: Message, _ updates: [Update], from peer: Int
    ) -> [UInt8] {
        var writer = ByteWriter()
        message.write(to: &writer)
        for update in updates { writer.write(update) }
        return carry(.payload, UInt8(peer), writer.bytes)
    }

    private static func stream(_ frame: Frame) -> [UInt8] { carry(.stream, 0, frame.encoded()) }
}
