import CPCRE2

/// A regular expression as Perl and most editors write them, ready to search bytes: PCRE2.
///
/// `.` is a character where the bytes are UTF-8; bytes that are not are in no match. Case matters
/// unless the expression begins with `(?i)`; `^` and `$` are the ends of the whole text unless it
/// begins with `(?m)`.
///
/// Whoever writes the text that is searched, another's server, cannot make a search last: it is given
/// up after `timeMax`, whatever the expression.
///
/// Safe to hold: the compiled code is made in `init`, freed in `deinit`, never changed and leaves
/// only for the calls of this file.
@safe package final class RegularExpression {
    /// Of the expression, in bytes.
    package static let byteCountMax = 1_024
    /// Of this thread's own time, in nanoseconds, for one search. One that takes half a MiB through a
    /// common expression needs 5 ms.
    static let timeMax: Int64 = 50_000_000
    /// For backtracking, in KiB.
    private static let memoryMax: UInt32 = 8 * 1_024

    private let code: OpaquePointer

    /// Why a text is no regular expression: where, counted from 1 in characters, and PCRE2's words.
    /// Where something is missing that is one behind the last.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let character: Int
        package let words: String

        package var description: String { "\(words) at character \(character)" }
    }

    package enum Finding: Sendable, Hashable {
        case found
        case absent
        /// Not known: to find out would take too long, or too much memory.
        case givenUp
    }

    package init(_ text: String) throws(Fault) {
        let pattern = Array(text.utf8)
        guard pattern.count <= Self.byteCountMax else {
            throw Fault(character: 1, words: "longer than \(Self.byteCountMax) bytes")
        }
        var error: CInt = 0
        var offset = 0
        // Reads the bytes for the length of the call and writes two numbers of ours.
        let code = unsafe pattern.withUnsafeBufferPointer {
            unsafe cpcre2_compile($0.baseAddress, $0.count, &error, &offset)
        }
        guard let code = unsafe code else {
            let before = pattern.prefix(offset).count { $0 & 0xC0 != 0x80 }
            throw Fault(character: before + 1, words: Self.words(of: error))
        }
        unsafe self.code = code
    }

    deinit { unsafe cpcre2_free(code) }

    /// Whether any part of `bytes` matches.
    package func find(in bytes: [UInt8]) -> Finding {
        // Reads the code, which lives as long as this object, and the bytes for the call's length.
        let answer = unsafe bytes.withUnsafeBufferPointer {
            unsafe cpcre2_find(code, $0.baseAddress, $0.count, Self.timeMax, Self.memoryMax)
        }
        return switch answer {
        case 1: .found
        case 0: .absent
        default: .givenUp
        }
    }

    private static func words(of error: CInt) -> String {
        var words = [UInt8](repeating: 0, count: 256)
        // Writes at most so many bytes, a NUL at their end.
        unsafe words.withUnsafeMutableBufferPointer {
            _ = unsafe cpcre2_words(error, $0.baseAddress, $0.count)
        }
        return String(decoding: words.prefix { $0 != 0 }, as: UTF8.self)
    }
}
