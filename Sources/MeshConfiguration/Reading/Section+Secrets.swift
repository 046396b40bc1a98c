import MeshChecks

extension Section {
    /// A secret field: under its own key, or in the file that `KEY_file` names. What it holds is
    /// never part of a message.
    func secret(_ key: String, atMost byteCountMax: Int) -> Secret? {
        let fileKey = "\(key)_file"
        if has(key), has(fileKey) {
            _ = (node(key), node(fileKey))
            complain(fileKey, "\(path(key)) is there as well: keep one of them")
            return nil
        }
        // Both are asked for so that both are known.
        let given = text(key)
        let filed = filedText(fileKey, atMost: byteCountMax)
        guard let secret = given ?? filed else { return nil }
        let found = given == nil ? fileKey : key
        guard !secret.isEmpty else {
            complain(found, "is empty")
            return nil
        }
        guard secret.utf8.count <= byteCountMax else {
            complain(found, "is longer than \(byteCountMax) bytes")
            return nil
        }
        context.reveal(Secret(secret))
        return Secret(secret)
    }

    func requiredSecret(_ key: String, _ remedy: String, atMost byteCountMax: Int) -> Secret? {
        if !has(key), !has("\(key)_file") {
            complain(key, "is missing: \(remedy)")
        }
        return secret(key, atMost: byteCountMax)
    }

    /// The text of the file that is named under `key`, without the newline at its end.
    func filedText(_ key: String, atMost byteCountMax: Int) -> String? {
        guard let file = readFile(key, atMost: byteCountMax + 2) else { return nil }
        if file.isReadableByOthers {
            warn(key, "everybody on this machine may read it: chmod o-rwx")
        }
        var bytes = file.bytes[...]
        if bytes.last == 0x0A { bytes = bytes.dropLast() }
        if bytes.last == 0x0D { bytes = bytes.dropLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            complain(key, "is not UTF-8")
            return nil
        }
        return text
    }

    /// The name of a file, which operators must read where the file is amiss.
    func fileName(_ key: String) -> String? { context.openly { text(key) } }

    /// What is in the file that is named under `key`.
    func readFile(_ key: String, atMost byteCountMax: Int) -> FileContents? {
        guard let path = fileName(key) else { return nil }
        do throws(FileFault) {
            return try context.readFile(path, atMost: byteCountMax)
        } catch {
            complain(key, "\(error)")
            return nil
        }
    }
}
