package import MeshCore

/// A request over HTTP/1.1 or 2, each on a new connection, and what its answer must be.
package struct HTTPCheck: Sendable, Hashable {
    package static let headersMax = 64
    /// Of a name or of a value, in bytes.
    package static let headerByteCountMax = 4 * 1_024
    package static let bodyByteCountMax = 64 * 1_024
    /// More than this of an answer's body is not read: what comes after is not searched.
    package static let answerByteCountMax = 1_024 * 1_024
    package static let redirectsRange = 1...20
    package static let redirectsDefault = 10

    package var url: WebAddress
    package var method = HTTPMethod.get
    /// Beside those that every request has; a name may come more than once. In the order in which
    /// they are sent.
    package var headers: [HTTPHeader] = []
    package var body: Secret?
    package var expectedStatus = StatusSet.successful
    /// Looked for in what is read of the body.
    package var texts = TextRules()
    /// How often it goes where a 3xx points; the last answer is judged. Credentials and headers of
    /// one's own do not follow to another origin. 0 judges a 3xx as it is.
    package var redirects = redirectsDefault
    package var trust = TLSTrust.system
    /// What few checks ask for.
    package var extras = HTTPExtras()
    /// What variables of its configuration stand for: nobody must read it in a reason.
    package var redaction = Redaction()
    package var attempts = AttemptPlan()

    package init(url: WebAddress) { self.url = url }

    func write(to text: inout DefinitionText) {
        text.add("url", .text(url.text))
        // A body makes POST the default, as in gobearmon.
        let usual = body == nil ? HTTPMethod.get : .post
        text.add("method", .text(method.text), unless: .text(usual.text))
        text.add(headers)
        if let body { text.addHash("body", of: body) }
        text.add(
            "expect_status", .text(expectedStatus.description),
            unless: .text(StatusSet.successful.description))
        texts.write(to: &text)
        text.add("follow_redirects", .flag(redirects > 0), unless: .flag(true))
        text.add(
            "max_redirects", .number(max(1, redirects)),
            unless: .number(redirects > 0 ? Self.redirectsDefault : 1))
        trust.write(to: &text)
        if !extras.areUsual { extras.write(to: &text) }
    }
}
