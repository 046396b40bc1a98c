import MeshChecks
import MeshCore
import MeshCrypto
import MeshPlatform
import MeshResolver

/// One connection to a target, from its name to the last byte that is needed: looked up, connected,
/// asked to begin TLS, shaken hands with, talked to. What `tcp` and `tls` checks have in common.
final class Call {
    /// Bytes that are read of one target, whatever it sends: TLS has records that say nothing.
    private static let receivedByteCountMax = 1_024 * 1_024
    private static let readByteCount = 16_384
    /// How often what was heard is judged before a line has ended: a target that drips bytes must
    /// not have its whole reply searched for each.
    private static let judgementsMax = 64
    /// How long a server may take to refuse a client's certificate, once all else is done.
    private static let settleTimeMax = TimeSpan.seconds(1)

    private enum Phase {
        case lookingUp, connecting
        /// In plain text, before TLS.
        case asking
        case shakingHands
        case talking
        /// All is said; the server may still refuse the client's certificate.
        case settling
    }

    let deadline: Instant
    private let number: UInt64
    private let plan: CallPlan
    private unowned let desk: CallDesk
    private let loop: EventLoop
    private let began: Instant
    private var done: ((CallReport) -> Void)?

    private var phase = Phase.lookingUp
    private var phaseBegan: Instant
    private var measurements = Measurements()
    private var cancelLookup: (() -> Void)?
    private var race: AddressRace?
    private var connection: RawConnection?
    private var context: CertificateContext?
    private var session: CertificateSession?
    private var dialogue: StartTLSDialogue?

    private var unsent: ArraySlice<UInt8> = []
    private var heard: [UInt8] = []
    private var receivedCount = 0
    private var judgementCount = 0
    /// When all was known, where that was before the end.
    private var knownAt: Instant?

    init(
        _ plan: CallPlan, number: UInt64, at desk: CallDesk,
        _ done: @escaping (CallReport) -> Void
    ) {
        self.plan = plan
        self.number = number
        self.desk = desk
        loop = desk.loop
        began = loop.now
        phaseBegan = began
        deadline = began + plan.timeout
        self.done = done
    }

    /// Ends it without a word.
    func abandon() {
        done = nil
        cancelLookup?()
        cancelLookup = nil
        race = nil
        connection = nil
        session = nil
    }

    /// The deadline has come.
    func timePassed() {
        let phaseInWords: String
        switch phase {
        // The resolver has the same deadline, and knows whose fault it is.
        case .lookingUp: return
        case .settling: return finish(.good)
        case .connecting: phaseInWords = "while connecting"
        case .asking: phaseInWords = "while waiting for the server to begin TLS"
        case .shakingHands: phaseInWords = "during the TLS handshake"
        case .talking: phaseInWords = "while waiting for the reply"
        }
        fail("timed out after \(plan.timeout.inWords) \(phaseInWords)", .target)
    }

    private func enter(_ phase: Phase) {
        self.phase = phase
        phaseBegan = loop.now
    }

    // MARK: Connecting

    func begin(_ resolver: Resolver) {
        if let options = plan.security?.options {
            do throws(CertificateContext.Fault) {
                context = try desk.contexts.context(
                    for: options.trust, identity: options.identity)
            } catch {
                loop.schedule(at: loop.now) { [weak self] in self?.finish(.unusable(error)) }
                return
            }
        }
        if let literal = plan.address.literal { return connect(to: [literal]) }
        cancelLookup = resolver.addresses(
            of: plan.address.host, port: plan.address.port, version: plan.version,
            deadline: deadline
        ) { [weak self] result in
            guard let self else { return }
            self.cancelLookup = nil
            switch result {
            case .success(let addresses):
                self.measurements.resolve = self.loop.now - self.began
                self.connect(to: addresses)
            case .failure(let error): self.failLater(error.description, error.blame)
            }
        }
    }

    private func connect(to addresses: [SocketAddress]) {
        enter(.connecting)
        race = AddressRace(on: loop, to: addresses) { [unowned self] result in
            self.race = nil
            switch result {
            case .success(let connection): self.connected(connection)
            case .failure(let error): self.broken(error.code)
            }
        }
    }

    private func connected(_ connection: RawConnection) {
        measurements.connect = loop.now - phaseBegan
        self.connection = connection
        guard let security = plan.security else {
            unsent = plan.send[...]
            return talk()
        }
        if let startTLS = security.startTLS {
            let dialogue = StartTLSDialogue(startTLS, from: connection.localAddress)
            self.dialogue = dialogue
            enter(.asking)
            unsent = dialogue.opening[...]
            listen()
        } else {
            shakeHands()
        }
    }

    /// Sends what is to be sent and waits for what comes.
    private func listen() {
        guard let connection else { return }
        connection.whenReady = { [unowned self] in self.ready($0) }
        proceed()
    }

    // MARK: What the connection brings

    private func ready(_ readiness: EventLoop.Readiness) {
        if readiness.contains(.read) { receive() }
        proceed()
    }

    private func receive() {
        guard let connection else { return }
        switch connection.receive(atMost: Self.readByteCount) {
        case .nothing: return
        case .ended: ended()
        case .broken(let code): broken(code)
        case .bytes(let bytes):
            receivedCount += bytes.count
            guard receivedCount <= Self.receivedByteCountMax else {
                return fail("the server sends without end", .target)
            }
            took(bytes)
        }
    }

    private func took(_ bytes: [UInt8]) {
        switch phase {
        case .lookingUp, .connecting: break
        case .asking: heardBeforeTLS(bytes)
        case .shakingHands: open(bytes)
        case .talking:
            let hadCount = heard.count
            if session == nil { heard += bytes } else { open(bytes) }
            if heard.count > hadCount {
                if hadCount == 0 { measurements.processing = loop.now - phaseBegan }
                judge(isLineEnd: heard[hadCount...].contains(0x0A))
            }
        case .settling:
            open(bytes)
            if session?.isPeerFinished == true { finish(.good) }
        }
    }

    /// Sends what waits, and waits for what is missing.
    private func proceed() {
        guard let connection, done != nil else { return }
        if let code = connection.send(&unsent) { return broken(code) }
        if phase == .talking, plan.judge == nil, unsent.isEmpty { return finish(.good) }
        do throws(SystemError) {
            try connection.wait(for: unsent.isEmpty ? .read : [.read, .write])
        } catch {
            broken(error.code)
        }
    }

    private func ended() {
        switch phase {
        case .lookingUp, .connecting: break
        case .asking: fail("the connection was closed before TLS began", .target)
        case .shakingHands: refused(.truncated)
        case .talking: plan.judge == nil ? finish(.good) : judge(hasEnded: true)
        case .settling: finish(.good)
        }
    }

    private func broken(_ code: CInt) {
        let words = SystemError.words(of: code)
        let blame = Blame(systemError: code)
        switch phase {
        case .lookingUp, .connecting, .talking: fail(words, blame)
        case .asking: fail("\(words) before TLS began", blame)
        case .shakingHands: fail("\(words) during the TLS handshake", blame)
        case .settling: finish(.good)
        }
    }

    // MARK: TLS

    private func heardBeforeTLS(_ bytes: [UInt8]) {
        switch dialogue?.hear(bytes) {
        case nil, .waiting: break
        case .say(let words): unsent += words
        case .failed(let words): fail(words, .target)
        case .ready: shakeHands()
        }
    }

    private func shakeHands() {
        guard let security = plan.security, let context else { return }
        dialogue = nil
        enter(.shakingHands)
        let session = CertificateSession(
            context, host: security.options.name(at: plan.address.host),
            minimum: security.options.minimumVersion)
        self.session = session
        unsent += session.takeOutgoing()
        listen()
    }

    private func open(_ bytes: [UInt8]) {
        guard let session else { return }
        do throws(CertificateTLSError) {
            try session.receive(bytes, into: &heard)
            unsent += session.takeOutgoing()
            if phase == .shakingHands, session.isEstablished { try shook(session) }
        } catch {
            // The alert that tells the server why, if it fits into one call.
            unsent += session.takeOutgoing()
            _ = connection?.send(&unsent)
            // What was said before that is good.
            if phase == .talking, !heard.isEmpty { judge(hasEnded: true) }
            refused(error)
        }
    }

    private func shook(_ session: CertificateSession) throws(CertificateTLSError) {
        measurements.tls = loop.now - phaseBegan
        enter(.talking)
        if !plan.send.isEmpty { try session.write(plan.send) }
        if plan.judge == nil {
            if let startTLS = plan.security?.startTLS {
                try session.write(StartTLSDialogue.farewell(of: startTLS))
            }
            session.finish()
            if session.mayStillBeRefused { settle() }
        }
        // All of it leaves with the handshake's last words.
        unsent += session.takeOutgoing()
        if plan.judge != nil, !heard.isEmpty { judge() }
    }

    private func settle() {
        knownAt = loop.now
        enter(.settling)
        loop.schedule(at: min(deadline, loop.now + Self.settleTimeMax)) { [weak self] in
            self?.finish(.good)
        }
    }

    private func refused(_ error: CertificateTLSError) {
        switch error {
        case .untrusted(let faults): finish(.untrusted(faults))
        case .tooOld:
            let oldest = plan.security?.options.minimumVersion ?? .tls12
            fail("the server speaks no TLS \(oldest.rawValue) or newer", .target)
        case .refused, .notTLS, .truncated, .tooLong, .violation:
            let what = phase == .talking ? "the connection broke" : "the TLS handshake failed"
            fail("\(what): \(error)", .target)
        }
    }

    // MARK: Talking

    /// Over a plain connection.
    private func talk() {
        enter(.talking)
        guard plan.judge != nil || !unsent.isEmpty else { return finish(.good) }
        listen()
    }

    private func judge(isLineEnd: Bool = false, hasEnded: Bool = false) {
        guard let judge = plan.judge, done != nil else { return }
        let isAll = hasEnded || heard.count > TCPCheck.replyByteCountMax
        if !isAll, !isLineEnd {
            guard judgementCount < Self.judgementsMax else { return }
            judgementCount += 1
        }
        switch judge(heard, isAll) {
        case .undecided: break
        case .met: finish(.good)
        case .failed(let reason): finish(.bad(reason))
        }
    }

    // MARK: Ending

    private func fail(_ words: String, _ blame: Blame) {
        finish(.failed(words: words, blame))
    }

    /// For what may be found out before `begin` has returned.
    private func failLater(_ words: String, _ blame: Blame) {
        loop.schedule(at: loop.now) { [weak self] in self?.fail(words, blame) }
    }

    private func finish(_ ending: CallReport.Ending) {
        guard let done else { return }
        let chain = session?.chain
        measurements.certificateEnds = chain?.earliest?.end
        let report = CallReport(
            ending: ending, span: (knownAt ?? loop.now) - began, measurements: measurements,
            chain: chain)
        // Lives until its own last line, whoever lets go of it now.
        withExtendedLifetime(self) {
            abandon()
            desk.isOver(number)
            done(report)
        }
    }
}
