import Glibc

/// A folder of a test's own, gone with it.
final class Folder {
    let path: String

    init() {
        var template = Array("/tmp/checkmesh-test-XXXXXX".utf8CString)
        // Fills in the array's own letters and answers a pointer to them.
        guard unsafe mkdtemp(&template) != nil else { fatalError("expected a folder") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { remove(path) }

    @discardableResult
    func write(_ text: String, to name: String) -> String { write(Array(text.utf8), to: name) }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) -> String {
        let file = "\(path)/\(name)"
        guard let stream = unsafe fopen(file, "w") else { fatalError("expected a file") }
        // Reads the array to its own count; closes what was opened above.
        unsafe fwrite(bytes, 1, bytes.count, stream)
        unsafe fclose(stream)
        return file
    }

    /// With what is in it: folders of tests are flat.
    private func remove(_ path: String) {
        if let directory = unsafe opendir(path) {
            // Each entry lives until the next is read; its name is copied at once.
            while let entry = unsafe readdir(directory) {
                let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                    unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) {
                        unsafe String(cString: $0)
                    }
                }
                if name != ".", name != ".." { unsafe unlink("\(path)/\(name)") }
            }
            unsafe closedir(directory)
        }
        unsafe rmdir(path)
    }
}
