import Glibc
import MeshChecks
import MeshCore
import MeshCrypto
import MeshPlatform

/// One context for each kind of trust, however many checks share it: to make one, and read its
/// roots, takes as long as half a handshake.
final class CertificateContexts {
    /// Kinds of trust that are kept. At more, all are let go and made anew as they are asked for.
    static let keptMax = 256
    /// How long a change of the files may go unseen.
    private static let lookEvery = TimeSpan.seconds(5)
    /// The machine's roots are read one by one and then kept, so that one that was taken away would
    /// be believed for as long as the context lives.
    private static let lifeMax = TimeSpan.hours(1)

    private struct Key: Hashable {
        var trust: TLSTrust
        var identity: TLSIdentity?
    }

    private struct Kept {
        var context: CertificateContext
        var stamps: [FileStamp]
        var madeAt: Instant
        var lookedAt: Instant
    }

    private let loop: EventLoop
    private var kept: [Key: Kept] = [:]

    init(on loop: EventLoop) { self.loop = loop }

    /// Throws what this machine lacks: a file, or something in it.
    func context(
        for trust: TLSTrust, identity: TLSIdentity?
    ) throws(CertificateContext.Fault) -> CertificateContext {
        let key = Key(trust: trust, identity: identity)
        let now = loop.now
        if let known = kept[key], now - known.madeAt < Self.lifeMax {
            if now - known.lookedAt < Self.lookEvery { return known.context }
            if known.stamps == stamps(of: key) {
                kept[key]?.lookedAt = now
                return known.context
            }
        }
        // Before the files are read: what is changed while they are is seen next time.
        let stamps = stamps(of: key)
        kept[key] = nil
        let context = try CertificateContext(trust, identity: identity)
        if kept.count >= Self.keptMax { kept = [:] }
        kept[key] = Kept(context: context, stamps: stamps, madeAt: now, lookedAt: now)
        return context
    }

    private func stamps(of key: Key) -> [FileStamp] {
        var paths: [String] = []
        if case .file(let path) = key.trust { paths.append(path) }
        if let identity = key.identity { paths += [identity.certificateFile, identity.keyFile] }
        return paths.map(FileStamp.init)
    }
}

/// By what it shows that a file was changed or replaced.
private struct FileStamp: Equatable {
    private var parts: [Int] = []

    init(_ path: String) {
        var status = stat()
        // Writes one structure, our own.
        guard unsafe stat(path, &status) == 0 else { return }
        parts = [
            Int(status.st_ino), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
        ]
    }
}
