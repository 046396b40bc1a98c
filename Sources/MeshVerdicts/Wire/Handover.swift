package import MeshChecks
package import MeshCore

/// What an owner has counted, for the one that takes the check over: it adds at least one look of
/// its own and need not begin anew.
///
///     check 16 | definition 16 | parent 16 | count 1, each: state 1 | count v | age in ms v
package struct Handover: Hashable, Sendable {
    package static let runsMax = TargetState.allCases.count

    /// Observations in a row of a state, or of one beyond it.
    package struct Run: Hashable, Sendable {
        package var state: TargetState
        package var count: UInt32
        /// Since the first of them was due. An age and not a time: two clocks need not agree.
        package var ageMilliseconds: UInt64

        package init(state: TargetState, count: UInt32, ageMilliseconds: UInt64) {
            self.state = state
            self.count = count
            self.ageMilliseconds = ageMilliseconds
        }
    }

    package var check: CheckID
    package var definition: DefinitionID
    package var parent: FlipID
    /// Of different states, best first.
    package var runs: [Run]

    /// Expects states in order, none twice.
    package init(check: CheckID, definition: DefinitionID, parent: FlipID, runs: [Run]) {
        precondition(
            zip(runs, runs.dropFirst()).allSatisfy { $0.state < $1.state },
            "expected runs of different states, best first")
        self.check = check
        self.definition = definition
        self.parent = parent
        self.runs = runs
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(check.bytes)
        writer.write(definition.bytes)
        writer.write(parent.bytes)
        writer.write(UInt8(runs.count))
        for run in runs {
            writer.write(run.state.rawValue)
            writer.writeVarint(UInt64(run.count))
            writer.writeVarint(run.ageMilliseconds)
        }
        return writer.bytes
    }

    /// Reads a hand-over that fills `reader` to its end.
    package static func decode(_ reader: ByteReader) throws(DecodeError) -> Handover {
        var reader = reader
        let check = CheckID(try reader.readBytes16())
        let definition = DefinitionID(try reader.readBytes16())
        let parent = FlipID(try reader.readBytes16())
        let count = try reader.readListCount(atMost: runsMax, each: 3)
        var runs: [Run] = []
        for _ in 0..<count {
            let state = try reader.readState()
            if let last = runs.last, last.state >= state { throw .invalid }
            runs.append(
                Run(
                    state: state, count: try reader.readVarint32(),
                    ageMilliseconds: try reader.readVarint()))
        }
        try reader.requireEnd()
        return Handover(check: check, definition: definition, parent: parent, runs: runs)
    }
}
