import MeshCore

/// No two datagrams are sealed under one key with one counter: AES-GCM breaks if they are.
package struct NonceUniqueness: Invariant {
    package static let name = "nonce-uniqueness"
    package static let promise =
        "boot ids belong to one start each and counters only rise (NIST SP 800-38D, 8; design 4)"

    /// The highest counter seen, by boot id. Only looked up.
    private var counters: [BootID: UInt64] = [:]

    package init() {}

    package var interests: Happening.Kinds { .sent }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .sent(let process, let datagram, _) = happening else { return }
        guard let header = DatagramHeader(datagram) else {
            return log.add(Self.self, at: world.now, "a datagram without a header was sent")
        }
        let name = world.processes[process].name
        if header.bootID != world.processes[process].bootID {
            log.add(Self.self, at: world.now, "\(name) speaks under another start's boot id")
        }
        if let highest = counters[header.bootID], header.counter <= highest {
            log.add(
                Self.self, at: world.now,
                "\(name) seals with counter \(header.counter) after \(highest)")
        }
        counters[header.bootID] = header.counter
    }
}
