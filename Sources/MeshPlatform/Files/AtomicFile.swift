import Glibc

/// Small files that are either as they were or as they shall be, whatever happens in between.
///
/// A write goes to a file beside it, which takes the name once it is on the disk; then the name is
/// on the disk, too. These calls block for as long as the disk does: a loop makes them before it
/// runs, or a thread does.
package enum AtomicFile {
    /// What a file held when it was read, and who may read and write it.
    package struct Contents: Sendable, Hashable {
        package let bytes: [UInt8]
        /// The permission bits.
        package let mode: UInt32
    }

    /// Replaces what is at `path`, or makes it, with `mode`. Nothing has changed if it throws
    /// before the last step; after a failure there, the new file stands and may be lost with the
    /// machine's power.
    package static func write(
        _ bytes: [UInt8], to path: String, mode: UInt32 = 0o600
    ) throws(SystemError) {
        // One name, so that what a crash leaves behind is overwritten by the next write.
        let beside = path + ".new"
        do throws(SystemError) {
            try writeWhole(bytes, to: beside, mode: mode)
            // Reads two texts of ours.
            try systemCall("rename \(beside) to \(path)") { unsafe rename(beside, path) }
        } catch {
            _ = unsafe unlink(beside)
            throw error
        }
        try synchronizeDirectory(of: path)
    }

    private static func writeWhole(
        _ bytes: [UInt8], to path: String, mode: UInt32
    ) throws(SystemError) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        let file = FileDescriptor(
            owning: try systemCall("create \(path)") {
                // Reads a text of ours.
                unsafe open(path, flags, mode)
            })
        let number = file.number
        // The process's mask may have taken bits away, and an old file beside keeps its own.
        try systemCall("chmod \(path)") { fchmod(number, mode) }
        var position = 0
        while position < bytes.count {
            position += try systemCall("write \(path)") {
                // Reads what is left of the array.
                unsafe bytes.withUnsafeBytes { buffer in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[position...])
                    return unsafe Glibc.write(number, rest.baseAddress, rest.count)
                }
            }
        }
        try systemCall("fsync \(path)") { fsync(number) }
    }

    private static func synchronizeDirectory(of path: String) throws(SystemError) {
        let directory = directory(of: path)
        let descriptor = FileDescriptor(
            owning: try systemCall("open \(directory)") {
                // Reads a text of ours.
                unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            })
        let number = descriptor.number
        try systemCall("fsync \(directory)") { fsync(number) }
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Reads the file at `path`. One of more than `byteCountMax` is refused with EFBIG, and what is
    /// no regular file with EINVAL: a device or a pipe might never end.
    package static func read(
        _ path: String, byteCountMax: Int
    ) throws(SystemError) -> Contents {
        let file = FileDescriptor(
            owning: try systemCall("open \(path)") {
                // Reads a text of ours. A pipe's other end is not waited for.
                unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            })
        let number = file.number
        var status = stat()
        // Writes a structure of ours.
        try systemCall("stat \(path)") { unsafe fstat(number, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SystemError(EINVAL, "read \(path), which is no regular file")
        }
        var bytes: [UInt8] = []
        while true {
            let piece = try readPiece(number, path)
            if piece.isEmpty { return Contents(bytes: bytes, mode: status.st_mode & 0o7777) }
            bytes += piece
            guard bytes.count <= byteCountMax else { throw SystemError(EFBIG, "read \(path)") }
        }
    }

    private static func readPiece(_ number: CInt, _ path: String) throws(SystemError) -> [UInt8] {
        let pieceByteCount = 65_536
        var failure: SystemError?
        // The closure fills at most the capacity that was asked for, and says how much.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: pieceByteCount) { buffer, count in
            count = 0
            do throws(SystemError) {
                count = try systemCall("read \(path)") {
                    unsafe Glibc.read(number, buffer.baseAddress, pieceByteCount)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}
