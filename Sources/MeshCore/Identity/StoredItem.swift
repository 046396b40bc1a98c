/// Something that must outlive the process: a key of its own and what is written under it; `nil`
/// takes it away. The shell keeps items durably, in any order, and gives them back at the start.
package struct StoredItem: Hashable, Sendable {
    package var key: [UInt8]
    package var value: [UInt8]?

    package init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

/// Which write is to be confirmed once it is durable.
package struct StoreToken: Hashable, Sendable {
    package var number: UInt64
    package init(_ number: UInt64) { self.number = number }
}
