/// What a node says under its signature and others pass on: the body is signed behind the mesh and
/// a domain word, and travels with the signature behind it.
package protocol SignedStatement {
    static var domain: SignatureDomain { get }
    func writeBody(to writer: inout ByteWriter)
}

extension SignedStatement {
    /// The bytes that the signature covers, for the mesh `mesh`.
    package func signedBytes(mesh: MeshID) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        writer.write(mesh, domain: Self.domain)
        writeBody(to: &writer)
        return writer.bytes
    }

    package func encoded(signature: Signature) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        writeBody(to: &writer)
        writer.write(signature)
        return writer.bytes
    }
}
