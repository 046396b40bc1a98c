extension ArraySlice<UInt8> {
    /// Whether `needle` is in here; the empty one always is.
    func holds(_ needle: [UInt8]) -> Bool {
        guard needle.count <= count else { return false }
        return (startIndex...endIndex - needle.count).contains { self[$0...].starts(with: needle) }
    }
}
