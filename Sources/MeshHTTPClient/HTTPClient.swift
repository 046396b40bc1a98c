import CCurl
import Glibc
import MeshCore
package import MeshPlatform
package import MeshResolver

/// Requests over HTTP, many at once, on a loop: libcurl's multi-socket interface.
///
/// Each has a connection of its own that is closed after it, because a look at a target is a look
/// at its port, too. Names are resolved here, before libcurl sees a request, and redirects are
/// followed here, so that each hop's name is: libcurl as Debian builds it would start a thread.
///
/// Bounds: `transfersMax` at a time; the bytes that `HTTPRequest` and `EasyHandle` name.
///
/// Safe to hold: the multi handle is made in `init`, freed in `deinit` and leaves only for calls of
/// this file. Its callbacks come from within those calls, on the loop's thread.
@safe package final class HTTPClient {
    /// Transfers under way, those included whose name is being looked up. One more fails at once,
    /// by this machine's fault: a queue here would eat the timeout of whoever waits in it.
    package static let transfersMax = 4_096

    package typealias Completion = (Result<HTTPResponse, TransferError>) -> Void

    /// Which transfer, to take it back.
    package struct TransferID: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// An object, because it holds a dozen references, which a copy would each count.
    final class Transfer {
        var request: HTTPRequest
        let completion: Completion
        let began: Instant
        let deadline: Instant
        var redirectsFollowed = 0
        /// How long the last lookup took.
        var nameLookup = TimeSpan.zero
        /// Of the hops before.
        var firstEnding: CertificateEnd?
        /// When the last hop began, its name known.
        var hopBegan: Instant
        var lookup: Resolver.Lookup?
        var handle: EasyHandle?

        init(_ request: HTTPRequest, now: Instant, _ completion: @escaping Completion) {
            self.request = request
            self.completion = completion
            began = now
            hopBegan = now
            deadline = now + request.timeout
        }

        /// With the name of where it was sent to, if that is what has failed.
        func placed(_ error: TransferError) -> TransferError {
            redirectsFollowed > 0 ? error.redirected(to: request.url) : error
        }
    }

    let loop: EventLoop
    private let resolver: Resolver
    private let multi: UnsafeMutableRawPointer
    private(set) var transfers: [UInt64: Transfer] = [:]
    private var lastNumber: UInt64 = 0
    private var watches: [CInt: EventLoop.Watch] = [:]
    private var alarm: LoopAlarm?
    private var isRunDue = false

    /// Throws ENOMEM only.
    package init(on loop: EventLoop, resolver: Resolver) throws(SystemError) {
        // Answers a handle of our own until `deinit`, or NULL.
        guard LibCurl.isReady, let multi = unsafe curl_multi_init() else {
            throw SystemError(ENOMEM, "make an HTTP client")
        }
        self.loop = loop
        self.resolver = resolver
        unsafe self.multi = multi
        // `self` frees the multi handle in `deinit`, and is its context until then.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let code = unsafe ccurl_multi_set(multi, Self.socketChanged, Self.timerChanged, context)
        guard code == CURLM_OK else { throw SystemError(ENOMEM, "make an HTTP client") }
        alarm = LoopAlarm(on: loop) { [unowned self] in self.act(CURL_SOCKET_TIMEOUT, 0) }
    }

    deinit {
        for transfer in transfers.values {
            if let lookup = transfer.lookup { resolver.cancel(lookup) }
            // Ours, and added to this multi handle.
            if let handle = transfer.handle {
                unsafe curl_multi_remove_handle(multi, handle.curl)
            }
        }
        for watch in watches.values { loop.cancel(watch) }
        // Every handle was removed above.
        unsafe curl_multi_cleanup(multi)
    }

    package var transferCount: Int { transfers.count }

    /// Sends `request` and calls `completion` once, never before this returns, within the
    /// request's timeout.
    @discardableResult
    package func send(_ request: HTTPRequest, _ completion: @escaping Completion) -> TransferID {
        lastNumber += 1
        let number = lastNumber
        guard transfers.count < Self.transfersMax else {
            loop.schedule(at: loop.now) {
                completion(
                    .failure(
                        TransferError(
                            .exhausted, blame: .ownResources, "too many requests at once")))
            }
            return TransferID(number: number)
        }
        let transfer = Transfer(request, now: loop.now, completion)
        transfers[number] = transfer
        begin(transfer, number)
        return TransferID(number: number)
    }

    /// Its completion is not called any more.
    package func cancel(_ id: TransferID) {
        guard let transfer = transfers.removeValue(forKey: id.number) else { return }
        if let lookup = transfer.lookup { resolver.cancel(lookup) }
        if let handle = transfer.handle { retire(handle) }
    }

    // MARK: One hop

    /// Looks the name up, if it is one, and connects.
    private func begin(_ transfer: Transfer, _ number: UInt64) {
        let place = transfer.request.place
        guard !place.isNumeric else { return connect(transfer, number, to: []) }
        let family = transfer.request.family
        if let known = resolver.known(place.host, port: place.port, family: family) {
            return resolved(transfer, number, known)
        }
        let began = loop.now
        transfer.lookup = resolver.resolve(
            place.host, port: place.port, family: family, deadline: transfer.deadline
        ) { [weak self] result in
            guard let self, let transfer = self.transfers[number] else { return }
            transfer.lookup = nil
            transfer.nameLookup = self.loop.now - began
            self.resolved(transfer, number, result)
        }
    }

    private func resolved(
        _ transfer: Transfer, _ number: UInt64, _ result: Result<[SocketAddress], ResolveError>
    ) {
        switch result {
        case .success(let addresses): connect(transfer, number, to: addresses)
        case .failure(let error):
            let timeout = transfer.request.timeout
            let isTimeout = error.kind == .timedOut
            let kind: TransferError.Kind = isTimeout ? .timedOut(.lookingUp) : .cannotResolve
            let words =
                isTimeout
                ? "\(error.description) (timed out after \(timeout.inWords))" : error.description
            failLater(number, TransferError(kind, blame: error.blame, words))
        }
    }

    private func connect(
        _ transfer: Transfer, _ number: UInt64, to addresses: [SocketAddress]
    ) {
        let left = transfer.deadline - loop.now
        guard left > .zero else {
            return failLater(
                number,
                TransferError(
                    .timedOut(.connecting), blame: .target,
                    "timed out after \(transfer.request.timeout.inWords)"))
        }
        let hosts = addresses.prefix(Self.addressesMax).map(Self.hostText)
        guard
            let handle = EasyHandle(
                transfer.request, transfer: number, addresses: hosts, timeout: left)
        else { return failLater(number, Self.noMemory) }
        transfer.handle = handle
        transfer.hopBegan = loop.now
        // Ours, and in no multi handle.
        guard unsafe curl_multi_add_handle(multi, handle.curl) == CURLM_OK else {
            transfer.handle = nil
            return failLater(number, Self.noMemory)
        }
    }

    /// Addresses of one host that are tried.
    private static let addressesMax = 8

    private static func hostText(_ address: SocketAddress) -> String {
        // `host:port`, or `[host]:port`: libcurl takes the brackets.
        let text = address.description
        return String(text[..<(text.lastIndex(of: ":") ?? text.endIndex)])
    }

    private static var noMemory: TransferError {
        TransferError(.exhausted, blame: .ownResources, "this machine has no memory left")
    }

    /// Completions never run inside `send`.
    private func failLater(_ number: UInt64, _ error: TransferError) {
        loop.schedule(at: loop.now) { [weak self] in
            guard let transfer = self?.transfers.removeValue(forKey: number) else { return }
            transfer.completion(.failure(transfer.placed(error)))
        }
    }

    // MARK: libcurl's sockets and timer

    private func act(_ socket: CInt, _ events: CInt) {
        var running: CInt = 0
        // A socket that libcurl has closed meanwhile is none of its own, and it ignores it.
        unsafe curl_multi_socket_action(multi, socket, events, &running)
        finishEnded()
    }

    private func finishEnded() {
        var code = CURLE_OK
        // Answers handles of ours that are still in the multi handle, and how they ended.
        while let curl = unsafe ccurl_multi_next_ended(multi, &code) {
            guard let context = unsafe ccurl_get_private(curl) else { continue }
            // Its `init` set it to the handle that owns `curl`; a transfer holds that.
            let handle = unsafe Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
            ended(handle, code)
        }
    }

    private func ended(_ handle: EasyHandle, _ code: CURLcode) {
        let number = handle.transfer
        guard let transfer = transfers[number] else { return retire(handle) }
        var outcome = handle.outcome(of: transfer.request, ending: code)
        let redirect = redirect(of: transfer.request, handle)
        retire(handle)
        transfer.handle = nil
        if case .success(var response) = outcome {
            let before = transfer.hopBegan - transfer.began
            response.timings.nameLookup = transfer.nameLookup
            response.timings.untilAnswer = response.timings.untilAnswer + before
            response.timings.total = response.timings.total + before
            response.redirectsFollowed = transfer.redirectsFollowed
            if let first = transfer.firstEnding {
                // Of all that were shown on the way.
                let ending = response.firstEnding ?? first
                response.firstEnding = ending.end < first.end ? ending : first
            }
            transfer.firstEnding = response.firstEnding
            outcome = .success(response)
            if let redirect, transfer.request.redirects > 0 {
                guard let error = follow(redirect, by: response.status, transfer) else {
                    return begin(transfer, number)
                }
                outcome = .failure(error)
            }
        } else if case .failure(var error) = outcome {
            error.timings.nameLookup = transfer.nameLookup
            outcome = .failure(transfer.placed(error))
        }
        transfers[number] = nil
        transfer.completion(outcome)
    }

    /// Where an answer sends us; `nil` where it does not.
    private func redirect(of request: HTTPRequest, _ handle: EasyHandle) -> String? {
        guard let redirect = handle.redirect else { return nil }
        // libcurl was told another URL.
        guard request.isAskedByAnotherName, let reference = handle.header("Location") else {
            return redirect
        }
        return request.url.text(at: reference) ?? redirect
    }

    /// Makes the transfer one to where it was sent; answers why it cannot.
    private func follow(
        _ target: String, by status: Int, _ transfer: Transfer
    ) -> TransferError? {
        let redirects = transfer.request.redirects
        guard transfer.redirectsFollowed < redirects else {
            return TransferError(
                .badRedirect, blame: .target, "redirected more than \(redirects) times")
        }
        do throws(HTTPURL.Fault) {
            transfer.request = transfer.request.redirected(to: try HTTPURL(target), by: status)
        } catch {
            return TransferError(
                .badRedirect, blame: .target, "redirected to where nobody can go: \(error.words)")
        }
        transfer.redirectsFollowed += 1
        transfer.nameLookup = .zero
        return nil
    }

    /// Takes a handle out of libcurl's hands, which closes its connection.
    private func retire(_ handle: EasyHandle) {
        // Ours, and added to this multi handle, or ended in it.
        unsafe curl_multi_remove_handle(multi, handle.curl)
    }

    private func watch(_ socket: CInt, _ interest: EventLoop.Interest, for handle: EasyHandle?) {
        do throws(SystemError) {
            if let watch = watches[socket] { return try loop.change(watch, to: interest) }
            watches[socket] = try loop.watch(socket, for: interest) { [unowned self] readiness in
                var events: CInt = 0
                if readiness.contains(.read) { events |= CURL_CSELECT_IN }
                if readiness.contains(.write) { events |= CURL_CSELECT_OUT }
                self.act(socket, events)
            }
        } catch {
            // To refuse would end every transfer of the multi handle. This one times out.
            handle?.isUnwatched = true
        }
    }

    private static let socketChanged: ccurl_socket_changed = { curl, socket, what, context, _ in
        guard let context = unsafe context else { return 0 }
        // What `init` set; libcurl calls only from within this client's own calls.
        let client = unsafe Unmanaged<HTTPClient>.fromOpaque(context).takeUnretainedValue()
        let interest: EventLoop.Interest
        switch what {
        case CURL_POLL_IN: interest = .read
        case CURL_POLL_OUT: interest = .write
        case CURL_POLL_INOUT: interest = [.read, .write]
        default:
            if let watch = client.watches.removeValue(forKey: socket) {
                // What comes now is its close.
                client.loop.forget(watch)
            }
            return 0
        }
        var handle: EasyHandle?
        if let curl = unsafe curl, let own = unsafe ccurl_get_private(curl) {
            // Its `init` set it to the handle that owns `curl`.
            handle = unsafe Unmanaged<EasyHandle>.fromOpaque(own).takeUnretainedValue()
        }
        if interest.contains(.read) { handle?.isHeardFrom = true }
        client.watch(socket, interest, for: handle)
        return 0
    }

    private static let timerChanged: ccurl_timer_changed = { _, milliseconds, context in
        guard let context = unsafe context else { return 0 }
        // As above.
        let client = unsafe Unmanaged<HTTPClient>.fromOpaque(context).takeUnretainedValue()
        client.timerChanged(milliseconds)
        return 0
    }

    private func timerChanged(_ milliseconds: Int) {
        guard milliseconds == 0 else {
            alarm?.set(at: milliseconds < 0 ? nil : loop.now + .milliseconds(Int64(milliseconds)))
            return
        }
        // Something to do now, but not from within libcurl; one turn does it for all that ask.
        guard !isRunDue else { return }
        isRunDue = true
        loop.schedule(at: loop.now) { [weak self] in
            guard let self else { return }
            self.isRunDue = false
            self.act(CURL_SOCKET_TIMEOUT, 0)
        }
    }
}
