/// What only few of many values have, in eight bytes where there is nothing.
///
/// The box is an array of at most one: copied when it is written and shared until then, as a value
/// should be.
struct RareBox<Value: RareValue>: Sendable {
    private var held: [Value] = []

    /// What was never written is the value with nothing in it, and so is what is written back to it.
    var value: Value {
        get { held.first ?? Value() }
        set {
            if newValue.isVacant {
                held = []
            } else if held.isEmpty {
                held = [newValue]
            } else {
                held[0] = newValue
            }
        }
    }

    var storageByteCount: Int { held.isEmpty ? 0 : 32 + MemoryLayout<Value>.stride }
}

protocol RareValue: Sendable {
    /// With nothing in it.
    init()
    var isVacant: Bool { get }
}
