import Glibc
import MeshPlatform
import MeshTestSupport
import Testing

struct SignalTests {
    @Test func `signals are events of the loop, and stop nothing`() async {
        // A process of its own: signals are the process's.
        await #expect(processExitsWith: .success) {
            SignalSource.takeOver()
            let loop = try EventLoop()
            let heard = Heard<ProcessSignal>()
            let source = try SignalSource(on: loop) { heard.all.append($0) }
            for signal in [SIGHUP, SIGINT, SIGTERM, SIGHUP] {
                raise(signal)
                let before = heard.count
                try loop.run { heard.count > before }
            }
            try #require(heard.all == [.hangUp, .interrupt, .terminate, .hangUp])
            source.close()
        }
    }

    @Test func `the limit of descriptors is raised to what is allowed`() async {
        await #expect(processExitsWith: .success) {
            let allowed = try DescriptorLimit.raise()
            try #require(allowed >= 64)
            try #require(sysconf(CInt(_SC_OPEN_MAX)) == allowed)
            try #require(DescriptorLimit.raise() == allowed)
        }
    }
}
