import MeshCore
import MeshCrypto
import Testing

/// A client and a server, and the wire between them, which a test may touch.
final class TLSPair {
    let client: TLSSession
    let server: TLSSession
    private(set) var clientError: TLSError?
    private(set) var serverError: TLSError?
    private(set) var heardByClient: [UInt8] = []
    private(set) var heardByServer: [UInt8] = []
    /// What passes from the client to the server, and back.
    var alterToServer: ([UInt8]) -> [UInt8] = { $0 }
    var alterToClient: ([UInt8]) -> [UInt8] = { $0 }
    private(set) var byteCountToServer = 0
    private(set) var byteCountToClient = 0

    init(_ client: TLSContext, _ server: TLSContext) {
        self.client = TLSSession(.client, client)
        self.server = TLSSession(.server, server)
    }

    /// Carries bytes both ways until neither side has any.
    func carry() {
        while true {
            let there = alterToServer(client.takeOutgoing())
            let back = alterToClient(server.takeOutgoing())
            if there.isEmpty && back.isEmpty { return }
            byteCountToServer += there.count
            byteCountToClient += back.count
            if serverError == nil, !there.isEmpty {
                do throws(TLSError) { try server.receive(there, into: &heardByServer) } catch {
                    serverError = error
                }
            }
            if clientError == nil, !back.isEmpty {
                do throws(TLSError) { try client.receive(back, into: &heardByClient) } catch {
                    clientError = error
                }
            }
        }
    }
}

extension TLSContext {
    convenience init(_ mesh: String, _ secrets: String...) throws {
        self.init(mesh: try #require(Label(mesh)), secrets: secrets.map { Array($0.utf8) })
    }
}
