import Glibc
import MeshTestSupport

/// A folder of a test's own, gone with it.
final class Folder {
    private let directory: TemporaryDirectory
    var path: String { directory.path }

    init() {
        guard let made = try? TemporaryDirectory() else { fatalError("expected a folder") }
        directory = made
    }

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
}
