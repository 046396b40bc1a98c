package import MeshCore

/// What came back. Whether that is good is for others to say: a 500 is a response, too.
package struct HTTPResponse: Sendable, Hashable {
    package var status: Int
    /// Where it came from, after redirects.
    package var url: HTTPURL
    package var redirectsFollowed: Int
    /// Of the headers that were wanted, those that are there, by the names they were wanted by.
    package var headers: [String: String]
    /// The body, or its beginning where `isBodyCut`.
    package var body: [UInt8]
    package var isBodyCut: Bool
    package var timings: HTTPTimings
    package var isVersionTwo = false
    /// Which of the certificates that were shown on the way ends first, where that was wanted and
    /// there were any.
    package var firstEnding: CertificateEnd?
}

package struct CertificateEnd: Sendable, Hashable {
    /// Who has shown it.
    package var host: String
    package var end: WallTime
}

/// How long each part took, one after the other; zero for what did not happen. After redirects
/// they are the last request's, but for `untilAnswer` and `total`, which count from the attempt's
/// beginning.
package struct HTTPTimings: Sendable, Hashable {
    package var nameLookup = TimeSpan.zero
    package var connect = TimeSpan.zero
    package var tls = TimeSpan.zero
    /// From the request's last byte sent to the answer's first.
    package var firstByte = TimeSpan.zero
    /// From the attempt's beginning, redirects and all, to the first byte of this answer: the round
    /// trip, as Checkup measures it.
    package var untilAnswer = TimeSpan.zero
    package var total = TimeSpan.zero

    /// From the answer's first byte to its last.
    package var transfer: TimeSpan { max(.zero, total - untilAnswer) }
}
