/// Looks for a text in an answer, in time that grows with the answer and not with what is looked
/// for as well (Knuth, Morris and Pratt): a target that writes `aaaa…` must not stop the loop.
struct ByteSearch: Sendable {
    private let needle: [UInt8]
    /// For each place the length of the longest beginning of the needle that ends there.
    private let borders: [Int]

    init(_ text: String) { self.init(Array(text.utf8)) }

    init(_ needle: [UInt8]) {
        var borders = [Int](repeating: 0, count: needle.count)
        var length = 0
        for place in needle.indices.dropFirst() {
            while length > 0, needle[place] != needle[length] { length = borders[length - 1] }
            if needle[place] == needle[length] { length += 1 }
            borders[place] = length
        }
        self.needle = needle
        self.borders = borders
    }

    /// Whether it is in `bytes`; the empty text always is.
    func isFound(in bytes: some Sequence<UInt8>) -> Bool { count(until: bytes) != nil }

    /// How much of its beginning ends with `byte`, where `length` of it, not all, ended before.
    func length(after length: Int, _ byte: UInt8) -> Int {
        var length = length
        while length > 0, byte != needle[length] { length = borders[length - 1] }
        return byte == needle[length] ? length + 1 : length
    }

    /// How many bytes there are up to its end; `nil` where it is not.
    private func count(until bytes: some Sequence<UInt8>) -> Int? {
        guard !needle.isEmpty else { return 0 }
        var length = 0
        var count = 0
        for byte in bytes {
            count += 1
            length = self.length(after: length, byte)
            if length == needle.count { return count }
        }
        return nil
    }
}
