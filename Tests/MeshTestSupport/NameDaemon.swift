import Glibc
package import MeshCore
import MeshPlatform

/// A real nsd with one zone, `checkmesh.test`, on 127.0.0.1 and ::1, in a folder of its own.
package final class NameDaemon {
    package static var isInstalled: Bool {
        // Reads a path of our own.
        unsafe access("/usr/sbin/nsd", X_OK) == 0
    }

    /// Over UDP and TCP.
    package let address: SocketAddress
    /// The same over IPv6.
    package let address6: SocketAddress
    private let folder: String

    package init() throws {
        let loop = try EventLoop()
        address = try .refusing(on: loop)
        address6 = SocketAddress.loopback6.with(port: address.port)
        var template = Array("/tmp/checkmesh-names.XXXXXX".utf8CString)
        // Writes the six letters into our own text.
        folder = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, let made = unsafe mkdtemp(base) else {
                return ""
            }
            return unsafe String(cString: made)
        }
        guard !folder.isEmpty, Self.run(script) else {
            throw SystemError(EIO, "start a name server in \(folder)")
        }
    }

    deinit {
        // It writes its number there; the folder is ours alone.
        _ = Self.run("cd \(folder) && kill $(cat pid); rm -rf \(folder)")
    }

    private static func run(_ script: String) -> Bool {
        // Reads a text of our own; a shell runs it to its end.
        unsafe system("{ \(script)\n} >/dev/null 2>&1") == 0
    }

    /// Four hundred addresses, which fit no datagram.
    private var many: String {
        (0..<400).map { "many A 192.0.2.\($0 % 200 + 1)\nmany A 198.51.100.\($0 % 200 + 1)" }
            .joined(separator: "\n")
    }

    private var script: String {
        """
        cd \(folder) || exit 1
        cat >zone <<'ZONE'
        $ORIGIN checkmesh.test.
        $TTL 60
        @ SOA ns1 hostmaster 2026112101 3600 600 86400 60
        @ NS ns1
        @ NS NS2
        ns1 A 127.0.0.1
        ns2 A 127.0.0.2
        www A 192.0.2.80
        www A 192.0.2.81
        www AAAA 2001:db8::80
        alias CNAME further
        further CNAME WWW.Checkmesh.Test.
        dangling CNAME nowhere
        ten A 192.0.2.10
        hundred A 192.0.2.100
        @ MX 10 mail
        @ MX 20 Backup.Example.
        @ TXT "v=spf1 ip4:192.0.2.0/24 " "-all"
        quoted TXT "say \\"hi\\" \\200"
        _sip._tcp SRV 10 60 5060 sip.example.
        @ CAA 0 issue "letsencrypt.org"
        @ CAA 128 iodef "mailto:security@checkmesh.test"
        \(many)
        ZONE
        cat >reverse <<'ZONE'
        $ORIGIN 2.0.192.in-addr.arpa.
        $TTL 60
        @ SOA ns1.checkmesh.test. hostmaster.checkmesh.test. 1 3600 600 86400 60
        @ NS ns1.checkmesh.test.
        80 PTR www.checkmesh.test.
        ZONE
        cat >reverse6 <<'ZONE'
        $ORIGIN 8.b.d.0.1.0.0.2.ip6.arpa.
        $TTL 60
        @ SOA ns1.checkmesh.test. hostmaster.checkmesh.test. 1 3600 600 86400 60
        @ NS ns1.checkmesh.test.
        0.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR www.checkmesh.test.
        ZONE
        cat >nsd.conf <<'CONF'
        server:
            rrl-ratelimit: 0
            ip-address: 127.0.0.1@\(address.port)
            ip-address: ::1@\(address.port)
            username: ""
            chroot: ""
            zonesdir: "\(folder)"
            database: ""
            pidfile: "\(folder)/pid"
            xfrdfile: "\(folder)/xfrd"
            zonelistfile: "\(folder)/list"
            logfile: "\(folder)/log"
        remote-control:
            control-enable: no
        zone:
            name: "checkmesh.test"
            zonefile: "zone"
        zone:
            name: "2.0.192.in-addr.arpa"
            zonefile: "reverse"
        zone:
            name: "8.b.d.0.1.0.0.2.ip6.arpa"
            zonefile: "reverse6"
        CONF
        /usr/sbin/nsd -c nsd.conf || exit 1
        for try in $(seq 100); do
            # It is bound before it writes this: a question is heard from now on.
            [ -s pid ] && kill -0 $(cat pid) && exit 0
            sleep 0.05
        done
        exit 1
        """
    }
}
