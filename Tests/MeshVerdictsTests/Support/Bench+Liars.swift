import MeshChecks
import MeshCore
import MeshPlacement
import MeshTestSupport

@testable import MeshVerdicts

// What a seat could sign if it wanted, honestly or not, and proofs that the mesh never made.

extension Bench {
    /// What `seat` holds against the flip that `reader` has certified, as an honest node would say
    /// it; `change` makes it a lie.
    func entry(
        of seat: Int, _ stance: Stance = .dissents(.down), against reader: Int = 0,
        sequence: UInt64 = 1_000, changing change: (inout LogEntry) -> Void = { _ in }
    ) -> SignedEntry {
        let verdicts = seats[reader].verdicts
        let flip = verdicts.flip(of: shop)
        let birth = verdicts.birth?.birth ?? Birth(.zero)
        let roll = verdicts.placement.confirmers(of: shop)
        let plan = seats[reader].plans[0]
        let demands = verdicts.demands(of: plan.rule, now: now)
        var entry = LogEntry(
            check: shop, stance: stance, definition: plan.definition, birth: birth,
            parent: flip?.id
                ?? FlipID(genesisOf: shop, in: mesh, birth: birth, using: Self.cryptography),
            epoch: (flip?.epoch ?? 0) + 1, reason: .none, since: Self.wallStart,
            observedAt: Self.wallStart, streak: 2, latencyMicroseconds: 1,
            owners: UInt8(demands.owners), quorum: UInt8(demands.quorum),
            zones: UInt8(demands.zones), rollDigest: roll.digest(using: Self.cryptography),
            node: seats[seat].node, generation: seats[seat].generation, sequence: sequence)
        change(&entry)
        return sign(entry, by: seat)
    }

    func sign(_ entry: LogEntry, by seat: Int) -> SignedEntry {
        SignedEntry(
            entry: entry,
            signature: Self.cryptography.sign(
                entry.signedBytes(mesh: mesh), by: seats[seat].key))
    }

    /// `seat` says this to everybody else in person.
    mutating func tell(_ signed: SignedEntry, by seat: Int) {
        let node = seats[seat].node
        for other in all where other != seat {
            act(other) { try? $0.receive(signed.update(), from: node, now: $1) }
        }
    }

    /// Nothing that `seat` itself would say is heard any more; what the story says for it is.
    mutating func silence(_ seat: Int) {
        loses = { _, from, _ in from == seat }
        exchanges = false
    }

    /// A certificate that these seats could have made against what `reader` holds.
    func certificate(
        of state: TargetState, by signers: [Int], against reader: Int = 0,
        under plan: CheckDefinition? = nil, roll: Roll? = nil,
        changing change: (inout LogEntry) -> Void = { _ in }
    ) -> Certificate? {
        let verdicts = seats[reader].verdicts
        let plan = plan ?? seats[reader].plans[0]
        let roll = roll ?? verdicts.placement.confirmers(of: shop)
        let entries = signers.map { seat in
            (
                entry(of: seat, .dissents(state), against: reader) {
                    $0.definition = plan.definition
                    $0.rollDigest = roll.digest(using: Self.cryptography)
                    change(&$0)
                },
                seats[seat].key
            )
        }
        guard let first = entries.first?.0.entry else { return nil }
        let flip = Flip(
            check: shop, definition: first.definition, birth: first.birth, parent: first.parent,
            epoch: first.epoch, state: state, in: mesh, using: Self.cryptography)
        return Certificate(
            flip: flip, previous: verdicts.flip(of: shop)?.state ?? (first.epoch > 1 ? .up : nil),
            entries: entries, rolls: [roll],
            definition: .init(rule: plan.rule, text: .hashed(plan.textID)), using: Self.cryptography
        )
    }

    /// A flip of the first check that nobody has proved.
    var someFlip: Flip {
        Flip(
            check: shop, definition: seats[0].plans[0].definition, birth: Birth(.zero),
            parent: FlipID(.zero), epoch: 2, state: .down, in: mesh, using: Self.cryptography)
    }

    mutating func bring(_ certificate: Certificate, to some: [Int], by carrier: Int? = nil) {
        let update = Update(kind: UpdateKind.certificate, body: certificate.encoded())
        let peer = carrier.map { seats[$0].node }
        for seat in some { act(seat) { try? $0.receive(update, from: peer, now: $1) } }
    }
}
