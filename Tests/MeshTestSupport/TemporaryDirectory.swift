import Glibc
package import MeshPlatform

/// A directory of a test's own, which goes with it: the files in it, no directories.
package final class TemporaryDirectory {
    package let path: String

    package init() throws(SystemError) {
        var template = Array("/tmp/checkmesh-test-XXXXXX".utf8CString)
        // Changes the last letters of the array, which ends with a zero.
        guard let made = unsafe mkdtemp(&template) else { throw SystemError.last("mkdtemp") }
        path = unsafe String(cString: made)
    }

    deinit {
        for name in (try? names()) ?? [] { _ = unsafe unlink("\(path)/\(name)") }
        _ = unsafe rmdir(path)
    }

    /// Another one with copies of the files, as somebody makes who copies a data directory.
    package func copy() throws(SystemError) -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        for name in try names() {
            let file = try AtomicFile.read("\(path)/\(name)", byteCountMax: 64 << 20)
            try AtomicFile.write(file.bytes, to: "\(copy.path)/\(name)", mode: file.mode)
        }
        return copy
    }

    /// What is in it, in the order of the alphabet.
    package func names() throws(SystemError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw SystemError.last("opendir") }
        // Opened above, and closed once.
        defer { unsafe closedir(directory) }
        var names: [String] = []
        // Each entry lives until the next call; its name ends with a zero and is copied.
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
