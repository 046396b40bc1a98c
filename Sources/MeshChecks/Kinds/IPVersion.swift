/// Which of the two a target is reached by, where that is not left to its name: `force_ip`.
package enum IPVersion: UInt8, Sendable, Hashable, CaseIterable {
    case four = 4
    case six = 6
}

extension DefinitionText {
    mutating func add(_ version: IPVersion?) {
        if let version { add("force_ip", .number(Int(version.rawValue))) }
    }
}
