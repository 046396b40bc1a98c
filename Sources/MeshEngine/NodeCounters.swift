/// What a node has dropped or refused since it started, by reason. Each becomes a metric; each is
/// normal in small numbers and an attack or a fault in large ones.
package struct NodeCounters: Sendable, Hashable {
    package var datagramsReceived = 0
    package var datagramsSent = 0
    /// Too short or too long to be ours.
    package var datagramsMalformed = 0
    /// A wire version that we do not speak.
    package var datagramsOfUnknownVersion = 0
    /// A key id that is none of our secrets'.
    package var datagramsOfUnknownKey = 0
    /// A short header with a boot id that we have not met.
    package var datagramsOfUnknownBoot = 0
    /// The tag does not fit: forged, or damaged on the way.
    package var datagramsForged = 0
    /// Seen before, or too old for the replay window to tell.
    package var datagramsReplayed = 0
    /// Opened, but what was inside could not be read.
    package var payloadsMalformed = 0

    /// Messages and updates of kinds that this version does not know.
    package var messagesUnknown = 0
    package var updatesUnknown = 0
    /// Receipts and records whose signature does not fit, and receipts, records and claims of those
    /// whose word does not count here.
    package var statementsRefused = 0
    /// Members found to have signed two things under one number; `Node.provenEquivocations` lists them.
    package var equivocations = 0

    package init() {}
}
