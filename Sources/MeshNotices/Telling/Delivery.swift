package import MeshChecks

/// Send this notice to its contact now. Answered with a `Delivery` under the same token, once.
package struct DeliveryOrder: Sendable, Hashable {
    package var token: DeliveryToken
    package var notice: Notice

    package init(token: DeliveryToken, notice: Notice) {
        self.token = token
        self.notice = notice
    }
}

/// Which attempt an answer of a provider belongs to.
package struct DeliveryToken: Hashable, Sendable {
    package var number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// How an attempt ended.
package enum Delivery: Sendable, Hashable {
    case sent
    /// The provider refused, or could not be reached; in words.
    case failed(Reason)
}
