import Glibc
package import MeshCore
import MeshPlatform

/// A mail server that begins in plain text and turns to TLS on request, by its RFC: Python's own
/// TLS. It shows a certificate of a shop and writes down what it is told within TLS.
package final class StartTLSServer {
    package static var isInstalled: Bool {
        // Reads a path of our own.
        unsafe CertificateShop.isInstalled && access("/usr/bin/python3", X_OK) == 0
    }

    package let address: SocketAddress
    private let child: ChildProcess
    private let shop: CertificateShop

    /// `protocol` is smtp, imap or pop3.
    package init(_ protocol: String, _ shop: CertificateShop, certificate: String) throws {
        self.shop = shop
        address = try SocketAddress.refusing(on: EventLoop())
        let script = "\(shop.folder)/starttls.py"
        try AtomicFile.write(Array(Self.script.utf8), to: script, mode: 0o600)
        child = try ChildProcess(
            "/usr/bin/python3",
            [
                script, `protocol`, String(address.port), "\(shop.folder)/\(certificate).pem",
                "\(shop.folder)/leaf.key",
            ], output: "\(shop.folder)/starttls-\(`protocol`)")
    }

    /// What clients have said within TLS.
    package var heard: String { child.output }

    private static let script = """
        from socket import create_server
        from ssl import PROTOCOL_TLS_SERVER, SSLContext
        from sys import argv
        from threading import Thread
        kind, port, certificate, key = argv[1:]
        context = SSLContext(PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

        def serve(plain):
            plain.settimeout(10)
            def line(connection):
                text = b""
                while not text.endswith(b"\\n"):
                    byte = connection.recv(1)
                    if not byte: raise EOFError
                    text += byte
                return text.decode().strip()
            def say(text): plain.sendall(text.encode() + b"\\r\\n")
            if kind == "smtp":
                say("220-mail.test ESMTP"); say("220 ready")
                while True:
                    word = line(plain).split()[0].upper()
                    if word == "EHLO":
                        say("250-mail.test"); say("250-SIZE 1000"); say("250-STARTTLS"); say("250 HELP")
                    elif word == "STARTTLS": say("220 go ahead"); break
                    else: say("502 what")
            elif kind == "imap":
                say("* OK [CAPABILITY IMAP4rev1 STARTTLS] ready")
                tag, word = line(plain).split()[:2]
                if word.upper() != "STARTTLS": return say(tag + " BAD what")
                say(tag + " OK begin")
            else:
                say("+OK ready")
                if line(plain).upper() != "STLS": return say("-ERR what")
                say("+OK begin")
            secure = context.wrap_socket(plain, server_side=True)
            print(line(secure), flush=True)

        def handle(connection):
            try: serve(connection)
            except (OSError, EOFError, IndexError, ValueError): pass
            finally: connection.close()

        listener = create_server(("127.0.0.1", int(port)), backlog=64)
        while True:
            Thread(target=handle, args=listener.accept()[:1], daemon=True).start()

        """
}

/// A real PostgreSQL in a folder of its own, with or without TLS. As root it runs as its own user.
package final class PostgresServer {
    private static let programs = "/usr/lib/postgresql/15/bin"

    package static var isInstalled: Bool {
        // Reads paths of our own.
        unsafe CertificateShop.isInstalled && access("\(programs)/initdb", X_OK) == 0
            && access("/usr/bin/setpriv", X_OK) == 0
    }

    package let address: SocketAddress
    private let shop: CertificateShop

    package init(_ shop: CertificateShop, certificate: String, speaksTLS: Bool) throws {
        self.shop = shop
        address = try SocketAddress.refusing(on: EventLoop())
        let runAs =
            getuid() == 0
            ? "setpriv --reuid postgres --regid postgres --clear-groups" : ""
        try shop.run(
            """
            mkdir -p base && cp \(certificate).pem base/server.crt && cp leaf.key base/server.key
            chmod 700 base && chmod 600 base/server.key
            [ $(id -u) != 0 ] || chown -R postgres base
            cd base && mkdir -m 700 data 2>/dev/null; [ $(id -u) != 0 ] || chown postgres data
            \(runAs) \(Self.programs)/initdb --no-sync --auth trust -D data
            \(runAs) \(Self.programs)/pg_ctl -D data -w -t 30 -l log -o \
                "-c listen_addresses=127.0.0.1 -p \(address.port) -c unix_socket_directories= \
                -c fsync=off -c ssl=\(speaksTLS ? "on" : "off") \
                -c ssl_cert_file=$PWD/server.crt -c ssl_key_file=$PWD/server.key" start </dev/null
            """)
    }

    /// What it has written to its log.
    package var log: String {
        let file = try? AtomicFile.read("\(shop.folder)/base/log", byteCountMax: 1 << 20)
        return String(decoding: file?.bytes ?? [], as: UTF8.self)
    }

    deinit {
        try? shop.run("kill -INT $(head -n 1 base/data/postmaster.pid); sleep 0.3; rm -rf base")
    }
}
