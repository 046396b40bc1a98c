import MeshConfiguration
import MeshCore
import MeshPlatform
import MeshTestSupport

/// What a mesh watches: a web server that answers, or hangs up on everybody.
final class Target {
    var isUp = true
    private var server: LoopbackServer?
    var url: String { server.map { "http://\($0.address)/" } ?? "" }

    init(on loop: EventLoop) throws {
        server = try LoopbackServer(on: loop) { [unowned self] peer in
            guard isUp else { return peer.reset() }
            peer.receive = { [unowned self] peer in
                guard peer.text.contains("\r\n\r\n") else { return }
                guard isUp else { return peer.reset() }
                peer.send(LoopbackServer.response("200 OK", "fine"))
                peer.close()
            }
        }
    }
}

/// Whom a mesh tells: notes every webhook, and answers that it has it.
final class Hooks {
    struct Webhook {
        let id: String
        let key: String
        let check: String
        let state: String
        let epoch: Int
        let sentBy: String
    }

    private(set) var all: [Webhook] = []
    private var server: LoopbackServer?
    var url: String { server.map { "http://\($0.address)/hook" } ?? "" }

    init(on loop: EventLoop) throws {
        server = try LoopbackServer(on: loop) { [unowned self] peer in
            peer.receive = { [unowned self] peer in self.read(peer) }
        }
    }

    func count(_ check: String, _ state: String) -> Int {
        all.count { $0.check == check && $0.state == state }
    }

    private func read(_ peer: LoopbackServer.Peer) {
        guard let end = peer.text.firstRange(of: "\r\n\r\n"),
            let count = header("content-length", peer.text).flatMap({ Int($0) })
        else { return }
        let body = Array(peer.text[end.upperBound...].utf8)
        guard body.count >= count, let json = try? JSONParser.parse(body).root else { return }
        all.append(
            Webhook(
                id: json["id"]?.text ?? "", key: header("idempotency-key", peer.text) ?? "",
                check: json["check"]?.text ?? "", state: json["state"]?.text ?? "",
                epoch: json["epoch"]?.integer ?? -1, sentBy: json["sent_by"]?.text ?? ""))
        peer.send(LoopbackServer.response("200 OK"))
        peer.close()
    }

    private func header(_ name: String, _ text: String) -> String? {
        for line in text.split(separator: "\r\n") where line.lowercased().hasPrefix(name + ":") {
            return String(line.dropFirst(name.utf8.count + 1).drop { $0 == " " })
        }
        return nil
    }
}
