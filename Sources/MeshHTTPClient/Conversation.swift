import CCurl
import Glibc
import MeshCore
import MeshPlatform

/// Bytes both ways on a connection that libcurl has made and, over TLS, encrypts.
final class Conversation {
    private(set) var heard: [UInt8] = []
    private let talk: HTTPRequest.Talk
    private let isEnough: ([UInt8], Bool) -> Bool
    private var unsent: ArraySlice<UInt8>
    fileprivate var watch: EventLoop.Watch?
    fileprivate var timer: EventLoop.Timer?

    init(_ talk: HTTPRequest.Talk, _ isEnough: @escaping ([UInt8], Bool) -> Bool) {
        self.talk = talk
        self.isEnough = isEnough
        unsent = talk.send[...]
    }

    enum Progress {
        case waiting(EventLoop.Interest)
        case over
        case broken(CURLcode)
    }

    /// Says and hears as much as can be now.
    func proceed(on curl: UnsafeMutableRawPointer) -> Progress {
        while !unsent.isEmpty {
            var count = 0
            // Reads the bytes for the length of the call, writes one number of ours.
            let code = unsafe unsent.withUnsafeBytes {
                unsafe curl_easy_send(curl, $0.baseAddress, $0.count, &count)
            }
            if code == CURLE_AGAIN { return .waiting([.read, .write]) }
            guard code == CURLE_OK else { return .broken(code) }
            unsent = unsent.dropFirst(count)
        }
        // TLS may hold bytes that no socket will announce: read until it says that there are none.
        while heard.count <= talk.receivedMax, talk.receivedMax > 0 {
            let space = talk.receivedMax + 1 - heard.count
            var code = CURLE_OK
            // Writes at most `space` bytes, and says how many.
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: space) { buffer, filled in
                code = unsafe curl_easy_recv(curl, buffer.baseAddress, space, &filled)
                if code != CURLE_OK { filled = 0 }
            }
            if code == CURLE_AGAIN { return .waiting(.read) }
            guard code == CURLE_OK else { return .broken(code) }
            heard += piece
            let hasEnded = piece.isEmpty || heard.count > talk.receivedMax
            if isEnough(heard, hasEnded) || hasEnded { return .over }
        }
        return .over
    }

    func end(on loop: EventLoop) {
        if let watch { loop.cancel(watch) }
        if let timer { loop.cancel(timer) }
        (watch, timer) = (nil, nil)
    }
}

extension HTTPClient {
    /// Connected: the rest is ours. libcurl has let go of the socket's watch.
    func converse(
        _ number: UInt64, _ conversation: Conversation, _ handle: EasyHandle, until end: Instant
    ) {
        // A number, copied.
        let socket = unsafe ccurl_get_socket(handle.curl)
        guard socket != CURL_SOCKET_BAD else { return conversed(number, Self.broken) }
        do throws(SystemError) {
            conversation.watch = try loop.watch(socket, for: [.read]) { [unowned self] _ in
                _ = self.step(number, conversation, handle)
            }
        } catch {
            let words = SystemError.words(of: error.code)
            return conversed(number, TransferError(.exhausted, blame: .ownResources, words))
        }
        conversation.timer = loop.schedule(at: end) { [weak self] in
            guard let self, let timeout = self.transfers[number]?.request.timeout else { return }
            self.conversed(
                number,
                TransferError(
                    .timedOut(.waiting), blame: .target,
                    "timed out after \(timeout.inWords) while waiting for the reply"))
        }
        // Bytes may wait to be sent, or inside TLS.
        _ = step(number, conversation, handle)
    }

    /// False once it is over.
    private func step(
        _ number: UInt64, _ conversation: Conversation, _ handle: EasyHandle
    ) -> Bool {
        // The transfer holds the handle until its conversation is over.
        switch unsafe conversation.proceed(on: handle.curl) {
        case .waiting(let interest):
            if let watch = conversation.watch { try? loop.change(watch, to: interest) }
            return true
        case .over:
            conversed(number, nil)
        case .broken:
            conversed(number, Self.broken)
        }
        return false
    }

    private static var broken: TransferError {
        TransferError(.broken, blame: .target, "the connection broke")
    }
}
