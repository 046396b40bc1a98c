import MeshConfiguration
import MeshCore
package import MeshPlatform

/// A process that runs one node: its loop, its signals, its end.
package enum DaemonProcess {
    /// Runs until the node has left, or found a living copy of itself.
    ///
    /// Expects `SignalSource.takeOver` to have been called before any thread was started.
    package static func run(_ load: @escaping Daemon.Load, log: Log) throws -> Daemon.Ending {
        Heap.keepSmall()
        do throws(SystemError) {
            let limit = try DescriptorLimit.raise()
            log.debug("descriptors", ("limit", "\(limit)"))
        } catch {
            log.warning("cannot raise the limit of descriptors", ("error", error.description))
        }
        let loop = try EventLoop()
        let daemon = try Daemon(on: loop, log: log, load: load)
        var ending = Daemon.Ending.left
        daemon.onEnd = {
            ending = $0
            loop.stop()
        }
        let signals = try SignalSource(on: loop) { signal in
            switch signal {
            case .terminate, .interrupt: daemon.leave()
            case .hangUp: daemon.reload()
            }
        }
        defer { signals.close() }
        try loop.run()
        return ending
    }
}
