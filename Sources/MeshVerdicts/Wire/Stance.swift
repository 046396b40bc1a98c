package import MeshChecks
package import MeshCore

/// What a node holds against a check's certified state, or that it holds nothing.
package enum Stance: Hashable, Sendable {
    /// It no longer holds what it signed before.
    case withdrawn
    /// It sees another state and has the majority: this may be minted.
    case dissents(TargetState)
    /// It sees another state without the majority: provisional, never minted.
    case opines(TargetState)
    /// It is an owner without the definition; the next rank steps in.
    case declines
}

// One byte: 0 withdrawn, 1 declines, 16 + state dissents, 32 + state opines.

extension ByteWriter {
    package mutating func write(_ stance: Stance) {
        switch stance {
        case .withdrawn: write(0 as UInt8)
        case .declines: write(1 as UInt8)
        case .dissents(let state): write(16 | state.rawValue)
        case .opines(let state): write(32 | state.rawValue)
        }
    }
}

extension ByteReader {
    package mutating func readStance() throws(DecodeError) -> Stance {
        let code = try readUInt8()
        switch code {
        case 0: return .withdrawn
        case 1: return .declines
        default:
            guard let state = TargetState(rawValue: code & 15) else { throw .invalid }
            switch code >> 4 {
            case 1: return .dissents(state)
            case 2: return .opines(state)
            default: throw .invalid
            }
        }
    }

    /// A state, or 255 for none.
    package mutating func readOptionalState() throws(DecodeError) -> TargetState? {
        let code = try readUInt8()
        if code == 255 { return nil }
        guard let state = TargetState(rawValue: code) else { throw .invalid }
        return state
    }

    package mutating func readState() throws(DecodeError) -> TargetState {
        guard let state = TargetState(rawValue: try readUInt8()) else { throw .invalid }
        return state
    }
}

extension ByteWriter {
    package mutating func write(optional state: TargetState?) { write(state?.rawValue ?? 255) }
}
