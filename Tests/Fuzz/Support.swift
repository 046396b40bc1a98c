import Glibc
import MeshCore

/// One decoder under libFuzzer. Each file beside this one holds one `Target`; `scripts/fuzz`
/// compiles each with this file and with the core, instrumented, into a program of its own.
protocol FuzzTarget {
    /// Whole, valid inputs to start from: what the encoders write today.
    static var seeds: [[UInt8]] { get }

    /// Takes any bytes. Junk must be refused; a trap, a hang or growing memory is a finding.
    static func run(_ bytes: [UInt8])
}

/// Called by libFuzzer for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // libFuzzer lends `count` bytes from `start` for the length of this call; they are copied.
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    Target.run(bytes)
    return 0
}

/// Called by libFuzzer before it starts. Under CHECKMESH_FUZZ_SEEDS it writes the seeds into that
/// folder and ends, so that they come from the encoders and cannot fall behind them.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(_ count: OpaquePointer?, _ arguments: OpaquePointer?) -> CInt {
    // The environment is not changed by this program, so what getenv points to stays as it is.
    guard let folder = unsafe getenv("CHECKMESH_FUZZ_SEEDS") else { return 0 }
    let path = unsafe String(cString: folder)
    for (number, seed) in Target.seeds.enumerated() {
        // The file is opened, written and closed here; a failure leaves `file` nil.
        guard let file = unsafe fopen("\(path)/seed-\(number)", "w") else { fatalError(path) }
        let written = unsafe fwrite(seed, 1, seed.count, file)
        precondition(written == seed.count, "expected the seed to be written whole")
        unsafe fclose(file)
    }
    exit(0)
}

/// The bytes counted up from `first`, for seeds.
func bytes32(from first: UInt8) -> Bytes32 {
    var reader = ByteReader((0..<32).map { first &+ $0 })
    guard let bytes = try? reader.readBytes32() else { fatalError("32 bytes are 32 bytes") }
    return bytes
}
