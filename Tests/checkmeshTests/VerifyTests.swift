import MeshConfiguration
import MeshCore
import MeshCrypto
import MeshVerdicts
import Testing

@testable import checkmesh

struct VerifyTests {
    private let folder = Folder()
    private let console = RecordingConsole()

    private func verify(_ words: String...) -> ExitCode {
        Program(
            console: console, cryptography: OpenSSLCryptography(), looker: MachineLooker()
        ).run(["verify"] + words)
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func `a certificate is proven from a file alone`() throws {
        let proof = try SignedProof()
        let file = folder.write(proof.certificate.encoded(), to: "flip")
        #expect(verify(file, "--mesh", "production") == .fine)
        #expect(console.output.contains("went from unknown to down (epoch 1, flip"))
        #expect(console.output.contains("signed by 2 where 2 of 3 must agree, from 2 zones"))
        #expect(console.output.contains("connection refused"))
        #expect(console.output.contains(#"definition: {"type":"http""#))
    }

    @Test func `what a node answers for a flip will do, in either encoding`() throws {
        let proof = try SignedProof()
        let digits = hexadecimal(proof.certificate.encoded())
        let json = """
            {"mesh": "production", "check": "website", "certificate": "\(digits)"}
            """
        #expect(verify(folder.write(json, to: "flip.json"), "-o", "json") == .fine)
        #expect(console.output.contains(#""check": "website", "check_id": ""#))
        #expect(console.output.contains(#""proven": true"#))
    }

    @Test func `a name that does not hash to the check is not believed`() throws {
        let digits = hexadecimal(try SignedProof().certificate.encoded())
        let json = """
            {"mesh": "production", "check": "bank", "certificate": "\(digits)"}
            """
        #expect(verify(folder.write(json, to: "flip.json"), "-o", "json") == .fine)
        #expect(console.output.contains(#""check": null"#))
        #expect(!console.output.contains("bank"))
    }

    @Test func `base64 is read in either alphabet, padded or not`() throws {
        for text in ["+/8A", "-_8A", "+/8=", "-_8"] {
            let file = try CertificateFile(Array("{\"certificate\": \"\(text)\"}".utf8))
            #expect(file.encoded.starts(with: [0xFB, 0xFF]))
        }
        #expect(throws: CertificateFile.Fault.self) {
            try CertificateFile(Array("{\"certificate\": \"a b\"}".utf8))
        }
        #expect(throws: CertificateFile.Fault.self) { try CertificateFile(Array("{}".utf8)) }
    }

    @Test func `one changed bit proves nothing`() throws {
        let bytes = try SignedProof().certificate.encoded()
        for position in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[position] ^= 1
            let file = folder.write(changed, to: "flip")
            #expect(verify(file, "--mesh", "production") == .failed)
        }
        #expect(console.output.isEmpty)
        #expect(console.errors.contains("not proven: "))
    }

    @Test func `another mesh's certificate proves nothing here`() throws {
        let file = folder.write(try SignedProof(mesh: "staging").certificate.encoded(), to: "flip")
        #expect(verify(file, "--mesh", "production") == .failed)
        #expect(console.errors.contains(#"(in the mesh "production": --mesh NAME)"#))
    }

    @Test func `a roster says whose keys count`() throws {
        let proof = try SignedProof()
        let file = folder.write(proof.certificate.encoded(), to: "flip")
        let keys = proof.keys.map(\.bytes.hexadecimal)
        let all = folder.write("# ours\n\(keys[0])\n\n\(keys[1])  # nyc\n", to: "roster")
        #expect(verify(file, "--mesh", "production", "--roster", all) == .fine)
        let one = folder.write(#"{"mesh": {"roster": ["\#(keys[0])"]}}"#, to: "one.json")
        #expect(verify(file, "--mesh", "production", "--roster", one) == .failed)
        #expect(console.errors.contains("is not among the trusted ones"))
        let none = folder.write("[]", to: "none.json")
        #expect(verify(file, "--mesh", "production", "--roster", none) == .wrongUsage)
    }

    @Test func `the mesh's name comes from the configuration, if no other is given`() throws {
        let file = folder.write(try SignedProof().certificate.encoded(), to: "flip")
        let mesh = folder.write(#"{"mesh": {"name": "${NO_SUCH:-production}"}}"#, to: "mesh.json")
        #expect(verify(file, "-c", mesh) == .fine)
        let nothing = folder.write("{}", to: "empty.json")
        #expect(verify(file, "-c", nothing) == .wrongUsage)
    }

    @Test func `what is no certificate, or not there, says so`() {
        #expect(verify(folder.write("", to: "empty"), "--mesh", "m") == .failed)
        #expect(console.errors.contains("it ends too early"))
        #expect(verify("\(folder.path)/absent", "--mesh", "m") == .wrongUsage)
        #expect(verify("a", "--mesh", "a b") == .wrongUsage)
        #expect(verify("a", "--roster", "b", "--node", "c") == .wrongUsage)
    }
}
