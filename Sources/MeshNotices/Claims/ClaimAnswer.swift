package import MeshCore

/// What an owner says to a claim: go on, who was there before, or that the check has gone on since.
///
/// Wire layout (`v` is a varint):
///
///     number v | 0, an ack; 1 | holder 16 | lease left in milliseconds v | claim; or 2, superseded
package struct ClaimAnswer: Sendable, Hashable {
    /// Which claim of the receiver this answers.
    package var number: UInt64
    package var verdict: Verdict

    package enum Verdict: Sendable, Hashable {
        case ack
        /// This claim is held here, by the answering node itself or by another that it has told
        /// to go on and that may therefore have sent.
        case held(Claim, by: NodeID, leaseLeft: TimeSpan)
        /// The check has flipped since; the flip is on its way to the claimant, who has missed it.
        case superseded
    }

    package init(number: UInt64, verdict: Verdict) {
        self.number = number
        self.verdict = verdict
    }

    package func update() -> Update {
        var writer = ByteWriter(reservingCapacity: 192)
        writer.writeVarint(number)
        switch verdict {
        case .ack: writer.write(0 as UInt8)
        case .held(let claim, let holder, let leaseLeft):
            writer.write(1 as UInt8)
            writer.write(holder.bytes)
            writer.writeVarint(UInt64(max(0, leaseLeft.milliseconds)))
            claim.write(to: &writer)
        case .superseded:
            writer.write(2 as UInt8)
        }
        return Update(kind: UpdateKind.claimAnswer, body: writer.bytes)
    }

    package static func decode(_ bytes: [UInt8]) throws(DecodeError) -> ClaimAnswer {
        var reader = ByteReader(bytes)
        let number = try reader.readVarint()
        let verdict: Verdict
        switch try reader.readUInt8() {
        case 0: verdict = .ack
        case 1:
            let holder = NodeID(try reader.readBytes16())
            let left = TimeSpan.milliseconds(Int64(try reader.readVarint32()))
            verdict = .held(try Claim.decode(&reader), by: holder, leaseLeft: left)
        case 2: verdict = .superseded
        default: throw .invalid
        }
        try reader.requireEnd()
        return ClaimAnswer(number: number, verdict: verdict)
    }
}
