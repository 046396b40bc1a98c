import Glibc
import MeshPlatform

/// A disk of a test's own, in memory, that can be filled up. It takes root.
final class SmallDisk {
    let path: String

    static var isAvailable: Bool {
        guard let desk = try? Desk() else { return false }
        return (try? SmallDisk(at: "\(desk.directory)/disk", byteCount: 1 << 16)) != nil
    }

    init(at path: String, byteCount: Int) throws {
        self.path = path
        try systemCall("mkdir \(path)") { unsafe mkdir(path, 0o700) }
        guard unsafe mount("none", path, "tmpfs", 0, "size=\(byteCount)") == 0 else {
            let error = SystemError.last("mount \(path)")
            _ = unsafe rmdir(path)
            throw error
        }
    }

    deinit {
        // Even while something in it is open.
        _ = unsafe umount2(path, CInt(MNT_DETACH))
        _ = unsafe rmdir(path)
    }

    /// Takes all the room that is left.
    func fill() throws {
        let number = try systemCall("open") {
            unsafe open("\(path)/filling", O_WRONLY | O_CREAT, 0o600)
        }
        defer { _ = close(number) }
        for size in [65_536, 4_096, 1] {
            let bytes = [UInt8](repeating: 1, count: size)
            while unsafe write(number, bytes, size) > 0 {}
        }
    }

    func makeRoom() throws {
        try systemCall("unlink") { unsafe unlink("\(path)/filling") }
    }
}
