import Glibc
package import MeshCore
import MeshPlatform

/// A real Dovecot on 127.0.0.1 that takes mail by SMTP and gives it out by IMAP and POP3, each in
/// plain text until asked for TLS. It shows a certificate of a shop.
package final class MailDaemon {
    package static var isInstalled: Bool {
        // Reads paths of our own.
        CertificateShop.isInstalled
            && ["imap", "pop3", "submission"].allSatisfy {
                unsafe access("/usr/lib/dovecot/\($0)-login", X_OK) == 0
            }
    }

    package let smtp: SocketAddress
    package let imap: SocketAddress
    package let pop3: SocketAddress
    private let folder: ServerFolder

    package init(_ shop: CertificateShop, certificate: String) throws {
        let loop = try EventLoop()
        smtp = try .refusing(on: loop)
        imap = try .refusing(on: loop)
        pop3 = try .refusing(on: loop)
        folder = try ServerFolder()
        try folder.run(script("\(shop.folder)/\(certificate).pem", "\(shop.folder)/leaf.key"))
    }

    deinit { folder.endServer() }

    /// What the daemon has written down: who came, and how it went.
    package var log: String {
        let file = try? AtomicFile.read("\(folder.path)/log", byteCountMax: 1 << 20)
        return String(decoding: file?.bytes ?? [], as: UTF8.self)
    }

    private func script(_ certificate: String, _ key: String) -> String {
        """
        chmod 755 . && mkdir run
        user=$(id -un) group=$(id -gn)
        # It refuses to serve as root.
        [ $(id -u) -ne 0 ] || { user=nobody group=nogroup; }
        cat >conf <<CONF
        base_dir = \(folder.path)/run
        state_dir = \(folder.path)
        log_path = \(folder.path)/log
        protocols = imap pop3 submission
        listen = 127.0.0.1
        hostname = mail.test
        ssl = yes
        ssl_cert = <\(certificate)
        ssl_key = <\(key)
        submission_relay_host = 127.0.0.1
        mail_location = maildir:\(folder.path)/mail
        default_internal_user = $user
        default_internal_group = $group
        default_login_user = $user
        passdb {
          driver = static
          args = nopassword=y
        }
        userdb {
          driver = static
          args = uid=$user gid=$group home=\(folder.path)
        }
        service anvil {
          chroot =
        }
        \(service("imap", imap))
        \(service("pop3", pop3))
        \(service("submission", smtp))
        CONF
        /usr/sbin/dovecot -c conf || exit 1
        for try in $(seq 100); do
            # It is bound before it writes this.
            [ -s run/master.pid ] && ln run/master.pid pid && exit 0
            sleep 0.05
        done
        exit 1
        """
    }

    private func service(_ name: String, _ address: SocketAddress) -> String {
        let secure =
            name == "submission" ? "" : "inet_listener \(name)s {\n    port = 0\n  }"
        return """
            service \(name)-login {
              chroot =
              inet_listener \(name) {
                port = \(address.port)
              }
              \(secure)
            }
            """
    }
}
