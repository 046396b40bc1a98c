import Glibc
package import MeshCore

/// Finds the addresses of names as the machine does (`/etc/hosts`, then its name servers), on a
/// thread of its own, since `getaddrinfo` blocks and cannot be given a deadline.
///
/// For what is looked up now and then, as the mesh's seeds are: names are looked up one after the
/// other, and one whose servers are silent holds up the others for as long as `resolv.conf` says.
package final class AddressLookup {
    /// Names that wait for their turn. A further one is refused.
    package static let waitingMax = 64
    /// Addresses of one name. Of more, the first are taken, as the machine has ordered them.
    package static let addressesMax = 16

    /// No addresses, and why: `getaddrinfo`'s words.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    package typealias Answer = Result<[SocketAddress], Failure>

    private let inbox: LoopInbox
    private let worker: WorkerThread
    private var handlers: [UInt64: (Answer) -> Void] = [:]
    private var lastNumber: UInt64 = 0

    /// Answers come by `inbox`, on its loop, where this is used.
    package init(answeringBy inbox: LoopInbox) throws(SystemError) {
        self.inbox = inbox
        worker = try WorkerThread(queuedMax: Self.waitingMax)
    }

    /// Answers later, with at least one address or a failure. False if too many names wait; then
    /// `handler` is never called.
    package func find(
        _ host: String, port: UInt16, _ handler: @escaping (Answer) -> Void
    ) -> Bool {
        lastNumber += 1
        let number = lastNumber
        let here = LoopBound(self)
        let inbox = inbox
        let isTaken = worker.post {
            let answer = Self.addresses(of: host, port: port)
            // Nobody else can tell the answer: it waits until there is room.
            while !inbox.post({ here.get().tell(answer, number) }) { usleep(10_000) }
        }
        if isTaken { handlers[number] = handler }
        return isTaken
    }

    private func tell(_ answer: Answer, _ number: UInt64) {
        handlers.removeValue(forKey: number)?(answer)
    }

    private static func addresses(of host: String, port: UInt16) -> Answer {
        // All zero but for what is set here, as the call wants it.
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        // One entry per address, rather than one per kind of socket.
        unsafe hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        // Reads our own text and hints; what it makes is freed below.
        let code = unsafe getaddrinfo(host, nil, &hints, &first)
        // Made by the call above, which leaves nil where it fails.
        defer { if let first = unsafe first { unsafe freeaddrinfo(first) } }
        guard code == 0 else {
            if code == EAI_SYSTEM {
                return .failure(Failure(description: SystemError.last(host).description))
            }
            // Answers text of the library's own.
            let reason = unsafe gai_strerror(code).map { unsafe String(cString: $0) }
            return .failure(Failure(description: "\(host): \(reason ?? "no answer")"))
        }
        var found: [SocketAddress] = []
        var next = unsafe first
        while let entry = unsafe next, found.count < addressesMax {
            // The list is the library's until it is freed; each entry says the length of its
            // address.
            if let native = unsafe entry.pointee.ai_addr,
                var address = unsafe SocketAddress(
                    native: native, count: entry.pointee.ai_addrlen)
            {
                address.port = port
                if !found.contains(address) { found.append(address) }
            }
            unsafe next = unsafe entry.pointee.ai_next
        }
        guard !found.isEmpty else {
            return .failure(Failure(description: "\(host): no address of IPv4 or IPv6"))
        }
        return .success(found)
    }
}
