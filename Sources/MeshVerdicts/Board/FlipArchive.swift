import MeshChecks
import MeshCore

/// The last flips of checks that nobody has talked of for long and that are not configured here:
/// without certificates and entries, so that a check that is configured again goes on from the
/// epoch it had. Receipts of its notices may still be about; a chain that began anew would name
/// flips that have been told already.
///
/// Bound: `VerdictBounds.archiveMax`; the one put away longest ago gives way.
struct FlipArchive: Sendable {
    private var flips: [CheckID: Flip] = [:]
    /// In the order of their putting away. Those taken out since are passed over.
    private var order: [CheckID] = []
    private var passed = 0

    var count: Int { flips.count }

    /// Keeps a flip; returns the check that gave way for it, if one did.
    mutating func keep(_ flip: Flip) -> CheckID? {
        if flips.updateValue(flip, forKey: flip.check) == nil { order.append(flip.check) }
        defer { tidy() }
        guard flips.count > VerdictBounds.archiveMax else { return nil }
        while passed < order.count {
            let oldest = order[passed]
            passed += 1
            if oldest != flip.check, flips.removeValue(forKey: oldest) != nil { return oldest }
        }
        return nil
    }

    mutating func take(_ check: CheckID) -> Flip? { flips.removeValue(forKey: check) }

    private mutating func tidy() {
        guard passed > order.count / 2 || order.count > 2 * VerdictBounds.archiveMax else { return }
        var seen: Set<CheckID> = []
        order = order[passed...].filter { flips[$0] != nil && seen.insert($0).inserted }
        passed = 0
    }
}

// An archived flip on disk: check 16 | definition 16 | birth 16 | parent 16 | epoch 4 | state 1.
// It lies under the key of the certificate whose place it takes, which is always longer.

extension Flip {
    static let archivedByteCount = 69

    var archived: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.archivedByteCount)
        writer.write(check.bytes)
        writer.write(definition.bytes)
        writer.write(birth.bytes)
        writer.write(parent.bytes)
        writer.write(epoch)
        writer.write(state.rawValue)
        return writer.bytes
    }

    /// `nil` for what is no archived flip.
    static func archived(
        _ body: [UInt8], mesh: MeshID, cryptography: any Cryptography
    ) -> Flip? {
        guard body.count == archivedByteCount else { return nil }
        var reader = ByteReader(body)
        do throws(DecodeError) {
            let check = CheckID(try reader.readBytes16())
            let definition = DefinitionID(try reader.readBytes16())
            let birth = Birth(try reader.readBytes16())
            let parent = FlipID(try reader.readBytes16())
            let epoch = try reader.readUInt32()
            let state = try reader.readState()
            guard epoch >= 1, epoch < .max else { return nil }
            return Flip(
                check: check, definition: definition, birth: birth, parent: parent, epoch: epoch,
                state: state, in: mesh, using: cryptography)
        } catch {
            return nil
        }
    }
}
