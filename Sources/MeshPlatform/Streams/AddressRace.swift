package import MeshCore

/// Connects to one of a host's addresses: they are tried in their order, the next one as soon as
/// one has failed, or beside it after `stagger` (RFC 8305, 5); the first that connects is the one,
/// and the others are closed.
///
/// It ends nothing by itself: whoever holds it lets go of it when the time is up.
package final class AddressRace {
    /// How long an address has for itself before the next one is tried beside it.
    package static let stagger = TimeSpan.milliseconds(250)
    /// Addresses of one host that are tried.
    package static let addressesMax = 8

    private let loop: EventLoop
    private var rest: ArraySlice<SocketAddress>
    private var running: [RawConnection] = []
    /// The first failure of an address that is the target's fault, or else the first.
    private var failure: SystemError?
    private var done: ((Result<RawConnection, SystemError>) -> Void)?

    /// Calls `done` once, never before this returns, unless it goes before. Expects an address.
    package init(
        on loop: EventLoop, to addresses: [SocketAddress],
        _ done: @escaping (Result<RawConnection, SystemError>) -> Void
    ) {
        precondition(!addresses.isEmpty, "expected an address to connect to")
        self.loop = loop
        rest = addresses.prefix(Self.addressesMax)
        self.done = done
        guard !tryNext() else { return }
        loop.schedule(at: loop.now) { [weak self] in self?.fail() }
    }

    /// Tries addresses until one is under way. False if none is left and none under way.
    private func tryNext() -> Bool {
        while let address = rest.popFirst() {
            do throws(SystemError) {
                let connection = try RawConnection(connecting: loop, to: address)
                connection.whenReady = { [unowned self, unowned connection] readiness in
                    self.ready(connection, readiness)
                }
                running.append(connection)
                if !rest.isEmpty { staggerNext() }
                return true
            } catch {
                note(error)
            }
        }
        return !running.isEmpty
    }

    /// The timer means the addresses that were left when it was set.
    private func staggerNext() {
        let left = rest.count
        loop.schedule(at: loop.now + Self.stagger) { [weak self] in
            guard let self, self.done != nil, self.rest.count == left else { return }
            _ = self.tryNext()
        }
    }

    private func note(_ error: SystemError) {
        if let failure, Blame(systemError: failure.code) == .target { return }
        if failure == nil || Blame(systemError: error.code) == .target { failure = error }
    }

    private func ready(_ connection: RawConnection, _ readiness: EventLoop.Readiness) {
        let code = connection.connectError(readiness)
        guard code == 0 else {
            running.removeAll { $0 === connection }
            note(SystemError(code, "connect \(connection.peer)"))
            if !tryNext() { fail() }
            return
        }
        running = []
        rest = []
        finish(.success(connection))
    }

    private func fail() {
        guard let failure else { return }
        finish(.failure(failure))
    }

    private func finish(_ result: Result<RawConnection, SystemError>) {
        let done = done
        self.done = nil
        done?(result)
    }
}
