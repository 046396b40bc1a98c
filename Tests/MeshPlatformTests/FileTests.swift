import Glibc
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

struct AtomicFileTests {
    @Test func `a file is written whole, for its owner only, and read back`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/settings"
        for bytes in [[], [1, 2, 3], [UInt8](repeating: 7, count: 200_000)] as [[UInt8]] {
            try AtomicFile.write(bytes, to: path)
            let contents = try AtomicFile.read(path, byteCountMax: 200_000)
            #expect(contents.bytes == bytes)
            #expect(contents.mode == 0o600)
            // Nothing is left beside it.
            #expect(try directory.names() == ["settings"])
        }
    }

    @Test func `what a crash left beside it is overwritten, its mode too`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/settings"
        try AtomicFile.write([9, 9, 9, 9], to: path + ".new", mode: 0o666)
        try AtomicFile.write([1], to: path)
        let contents = try AtomicFile.read(path, byteCountMax: 10)
        #expect(contents.bytes == [1])
        #expect(contents.mode == 0o600)
        #expect(try directory.names() == ["settings"])
    }

    @Test func `a write that fails leaves the old file, and names the new one`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/settings"
        try AtomicFile.write([1], to: path)
        // A directory where the new file would be made.
        try systemCall("mkdir") { unsafe mkdir(path + ".new", 0o700) }
        let error = #expect(throws: SystemError.self) { try AtomicFile.write([2], to: path) }
        #expect(error?.code == EISDIR)
        #expect(error?.description.contains(path) == true)
        #expect(try AtomicFile.read(path, byteCountMax: 10).bytes == [1])
        try systemCall("rmdir") { unsafe rmdir(path + ".new") }
    }

    @Test func `a file that is missing, too long or no file is refused, each in its way`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/settings"
        func code(_ path: String) -> CInt? {
            do throws(SystemError) { _ = try AtomicFile.read(path, byteCountMax: 3) } catch {
                return error.code
            }
            return nil
        }
        #expect(code(path) == ENOENT)
        try AtomicFile.write([1, 2, 3], to: path)
        #expect(code(path) == nil)
        try AtomicFile.write([1, 2, 3, 4], to: path)
        #expect(code(path) == EFBIG)
        #expect(code(directory.path) == EINVAL)
        #expect(code("/dev/zero") == EINVAL)
    }
}

struct DirectoryLockTests {
    @Test func `a data directory is made, and belongs to one holder at a time`() throws {
        let parent = try TemporaryDirectory()
        let path = parent.path + "/data"
        do {
            let lock = try DirectoryLock(path)
            let fault = #expect(throws: DirectoryLock.Fault.self) { _ = try DirectoryLock(path) }
            #expect(fault == .held(directory: path, process: Int(getpid())))
            #expect(
                fault?.description
                    == "\(path) is in use by process \(getpid()): stop it, or give this node a data"
                    + " directory of its own")
            _ = consume lock
        }
        do {
            // Free again.
            let lock = try DirectoryLock(path)
            _ = consume lock
        }
        try systemCall("unlink") { unsafe unlink(path + "/" + DirectoryLock.fileName) }
        try systemCall("rmdir") { unsafe rmdir(path) }
    }

    @Test func `a directory that can't be made is told with its path`() throws {
        let path = "/proc/no-such-place/data"
        let fault = #expect(throws: DirectoryLock.Fault.self) { _ = try DirectoryLock(path) }
        #expect(fault?.description == "make \(path): No such file or directory")
    }
}

struct NodeKeyFileTests {
    private let seed = Bytes32(
        high: Bytes16(high: 1, low: .max), low: Bytes16(high: 0x0123_4567_89AB_CDEF, low: 0))
    private let now = WallTime(milliseconds: 1_767_225_600_999)

    @Test func `a key is made once, with its time, and found at every later start`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/node.key"
        #expect(try NodeKeyFile.read(path) == nil)
        let made = try NodeKeyFile.readOrMake(path, now: now) { seed }
        #expect(made == NodeKeyFile(seed: seed, born: 1_767_225_600))
        let later = WallTime(milliseconds: now.milliseconds + 1_000_000)
        let found = try NodeKeyFile.readOrMake(path, now: later) {
            Issue.record("expected no second key")
            return .zero
        }
        #expect(found == made)
        #expect(try NodeKeyFile.read(path) == made)
        #expect(try AtomicFile.read(path, byteCountMax: 1_000).mode == 0o600)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o666, 0o601] as [UInt32])
    func `a key that others may read or write is refused, with what to do`(mode: UInt32) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/node.key"
        _ = try NodeKeyFile.readOrMake(path, now: now) { seed }
        try systemCall("chmod") { unsafe chmod(path, mode) }
        let fault = #expect(throws: NodeKeyFile.Fault.self) { try NodeKeyFile.read(path) }
        #expect(fault == .permissive(path: path, mode: mode))
        #expect(fault?.description.contains("chmod 600 \(path)") == true)
    }

    static let digits = String(repeating: "0f", count: 32)

    @Test(arguments: [
        "", "\n", "checkmesh-node-key-1", "checkmesh-node-key-1 \(digits)\n",
        "checkmesh-node-key-1 \(digits) 1", "checkmesh-node-key-1 \(digits) 1\n\n",
        "checkmesh-node-key-1 \(digits) -1\n", "checkmesh-node-key-1 \(digits) 1 2\n",
        "checkmesh-node-key-2 \(digits) 1\n", "checkmesh-node-key-1 \(digits.dropLast()) 1\n",
        "checkmesh-node-key-1 \(digits)0 1\n", "checkmesh-node-key-1 +\(digits.dropLast()) 1\n",
        "checkmesh-node-key-1 \(digits.dropLast(2))é 1\n",
        "checkmesh-node-key-1 \(digits) 99999999999999999999\n",
        String(repeating: "x", count: 10_000),
    ])
    func `anything else is refused, and left as it is`(text: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/node.key"
        try AtomicFile.write(Array(text.utf8), to: path)
        #expect(throws: NodeKeyFile.Fault.malformed(path: path)) {
            try NodeKeyFile.readOrMake(path, now: now) { seed }
        }
        #expect(try AtomicFile.read(path, byteCountMax: 10_000).bytes == Array(text.utf8))
    }

    @Test func `a key that can't be written is an error, not a key that is forgotten`() throws {
        #expect(throws: NodeKeyFile.Fault.self) {
            try NodeKeyFile.readOrMake("/proc/no-such-place/key", now: now) { seed }
        }
    }
}
