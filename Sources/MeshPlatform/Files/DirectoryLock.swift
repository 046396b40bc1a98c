import Glibc

/// Holds a data directory for one process (flock): two nodes that wrote to one would both be
/// wrong. The kernel lets go of it with the process, however that ends.
///
/// A *copied* directory has its own lock; the mesh tells such clones apart.
package struct DirectoryLock: ~Copyable {
    package static let fileName = "lock"

    package enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// By the process of this number, where it could be read.
        case held(directory: String, process: Int?)
        case system(SystemError)

        package var description: String {
            switch self {
            case .held(let directory, let process):
                "\(directory) is in use by \(process.map { "process \($0)" } ?? "another process")"
                    + ": stop it, or give this node a data directory of its own"
            case .system(let error): error.description
            }
        }
    }

    private let file: FileDescriptor

    /// Makes the directory, for its owner only, where there is none: the last part of the path.
    package init(_ directory: String) throws(Fault) {
        do throws(SystemError) {
            // Reads a text of ours.
            try systemCall("make \(directory)") { unsafe mkdir(directory, 0o700) }
        } catch  where error.code == EEXIST {
            // As it should be.
        } catch { throw .system(error) }

        let path = directory + "/" + Self.fileName
        let file: FileDescriptor
        do throws(SystemError) {
            file = FileDescriptor(
                owning: try systemCall("open \(path)") {
                    // Reads a text of ours.
                    unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
                })
        } catch { throw .system(error) }
        let number = file.number
        do throws(SystemError) {
            try systemCall("lock \(path)") { flock(number, LOCK_EX | LOCK_NB) }
        } catch  where error.code == EWOULDBLOCK {
            throw .held(directory: directory, process: Self.holder(path))
        } catch { throw .system(error) }
        self.file = file
        // For whoever finds it held. Nothing depends on it.
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(number, 0)
        // Reads the array to its own count.
        _ = unsafe write(number, text, text.count)
    }

    private static func holder(_ path: String) -> Int? {
        guard let contents = try? AtomicFile.read(path, byteCountMax: 32) else { return nil }
        return Int(
            String(decoding: contents.bytes, as: UTF8.self).split(separator: "\n").first ?? "")
    }
}
