import Glibc
import MeshPlatform

/// A file's bytes, and who else may read them.
package struct FileContents: Sendable {
    package let bytes: [UInt8]
    package let isReadableByOthers: Bool

    package init(bytes: [UInt8], isReadableByOthers: Bool = false) {
        self.bytes = bytes
        self.isReadableByOthers = isReadableByOthers
    }
}

/// Why a file was not read. Nothing was changed.
package enum FileFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// With what was tried and what the operating system says.
    case unreadable(String)
    case tooLarge(String, byteCountMax: Int)

    package var description: String {
        switch self {
        case .unreadable(let reason): reason
        case .tooLarge(let path, let byteCountMax):
            "\(path): is larger than \(byteCountMax) bytes"
        }
    }
}

/// The files of this machine, read whole and within a bound.
package enum MachineFiles {
    package static func read(
        _ path: String, atMost byteCountMax: Int
    ) throws(FileFault) -> FileContents {
        do throws(SystemError) {
            // O_NONBLOCK while opening: a pipe that nobody writes to would wait for ever. Reading
            // one that somebody does write to may wait.
            let number = try systemCall("open \(path)") {
                // Reads the path, which is lent for this call.
                unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            }
            let file = FileDescriptor(owning: number)
            try systemCall("open \(path)") { fcntl(file.number, F_SETFL, 0) }
            var information = stat()
            // Fills the structure that it is given and keeps nothing.
            try systemCall("stat \(path)") { unsafe fstat(file.number, &information) }
            let isFolder = information.st_mode & S_IFMT == S_IFDIR
            guard !isFolder else { throw SystemError(EISDIR, "read \(path)") }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 * 1_024)
            while bytes.count <= byteCountMax {
                let count = try systemCall("read \(path)") {
                    // Writes at most the chunk's own length.
                    unsafe Glibc.read(file.number, &chunk, chunk.count)
                }
                if count == 0 {
                    return FileContents(
                        bytes: bytes, isReadableByOthers: information.st_mode & S_IROTH != 0)
                }
                bytes += chunk[..<count]
            }
        } catch {
            throw .unreadable("\(error)")
        }
        throw .tooLarge(path, byteCountMax: byteCountMax)
    }
}
