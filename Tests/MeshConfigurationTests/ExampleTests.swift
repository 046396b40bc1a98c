import MeshChecks
import MeshCore
import MeshEngine
import MeshTestSupport
import Testing

@testable import MeshConfiguration

struct ExampleTests {
    private static var path: String {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/\(parts.joined(separator: "/"))/mesh.example.json"
    }

    @Test func `the example is right, and nothing in it is worth a warning`() throws {
        let file = try MachineFiles.read(Self.path, atMost: Configuration.fileByteCountMax)
        var reading = Reading()
        reading.variables = ["CHECKMESH_SECRET": Reading.secret]
        let loaded = try reading.load(String(decoding: file.bytes, as: UTF8.self))
        #expect(loaded.warnings.isEmpty)
        let configuration = loaded.configuration
        #expect(configuration.checks.count == 10)
        #expect(
            Set(configuration.checks.map(\.kind.type)) == [
                "dns", "exec", "http", "icmp", "tcp", "tls",
            ])
        #expect(configuration.plan.routes.count == 10)
        #expect(configuration.plan.meshRoutes.count == 1)
    }

    @Test func `the example needs one variable, and says which`() throws {
        let file = try MachineFiles.read(Self.path, atMost: Configuration.fileByteCountMax)
        let problems = Reading().problems(String(decoding: file.bytes, as: UTF8.self))
        #expect(problems.count == 1)
        #expect(problems.first?.contains("CHECKMESH_SECRET is not set") == true)
    }
}

struct FileTests {
    @Test func `a file that is no file, or too large, says so`() {
        #expect(throws: FileFault.self) { try MachineFiles.read("/tmp", atMost: 10) }
        #expect(throws: FileFault.self) { try MachineFiles.read("/no/such/file", atMost: 10) }
        #expect(throws: FileFault.tooLarge("/dev/zero", byteCountMax: 1_000_000)) {
            try MachineFiles.read("/dev/zero", atMost: 1_000_000)
        }
    }

    @Test func `a glance needs neither secrets nor anything else to be right`() throws {
        let glance = try ConfigurationGlance.read(
            Array(
                #"{"node": {"http": "0.0.0.0:${P:-81}"}, "mesh": {"name": "m", "secret": "${NO}"}, "x": 1}"#
                    .utf8), variable: { _ in nil })
        #expect(glance.http.description == "127.0.0.1:81")
        #expect(glance.mesh?.text == "m")
        let flagged = try ConfigurationGlance.read(
            Array("{}".utf8), variable: { $0 == "CHECKMESH_HTTP" ? "[::]:9" : nil })
        #expect(flagged.http.description == "[::1]:9")
        #expect(throws: ConfigurationFault.self) {
            try ConfigurationGlance.load("/no/such/file")
        }
    }
}
