package import MeshCore

/// What a client may take of the endpoint.
package struct EndpointLimits: Sendable {
    /// Open at once. Further ones wait in the backlog.
    package var connections = 256
    /// Of them, kept for those who come: beyond the others, the oldest that asks for nothing goes.
    package var connectionsSpare = 32
    /// Of one address; a further one is closed at once, so that one client never takes all.
    package var connectionsPerClient = 64
    package var backlog = 128
    /// Of a path; above it 414.
    package var urlByteCount = 4_096
    /// Of a request's header; above it 431.
    package var headerByteCount = 16_384
    /// Of a request's body; above it 413.
    package var bodyByteCount = 16_384
    /// What libmicrohttpd holds for a connection. A header above even this it refuses by itself, in
    /// its own words.
    package var connectionByteCount = 32_768
    /// Without a byte in either direction.
    package var idle = TimeSpan.seconds(10)
    /// Until a request's header is complete, from the connection's beginning or the last answer's
    /// end.
    package var requestWait = TimeSpan.seconds(10)
    /// Until a request's body has arrived and its answer is taken.
    package var answerWait = TimeSpan.seconds(30)
    /// For an answer that is not known at once; then 503.
    package var laterWait = TimeSpan.seconds(5)
    package var sweepPeriod = TimeSpan.seconds(1)

    package init() {}
}

/// What clients have asked of the endpoint, and what it has not put up with.
package struct EndpointCounters: Hashable, Sendable {
    package var connections = 0
    package var connectionsOpen = 0
    package var requests = 0
    /// Too large, or not to be read.
    package var refusals = 0
    /// Clients that were too slow, and answers that were not known in time.
    package var timeouts = 0
    /// Connections that lost their place to newer ones, having asked for nothing.
    package var displaced = 0
    /// Attempts to change something without a token that is configured.
    package var unauthorized = 0

    package init() {}
}
