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
    private let folder: ServerFolder

    package init() throws {
        let loop = try EventLoop()
        address = try .refusing(on: loop)
        address6 = SocketAddress.loopback6.with(port: address.port)
        folder = try ServerFolder()
        try folder.run(script)
    }

    deinit { folder.endServer() }

    /// Four hundred addresses, which fit no datagram.
    private var many: String {
        (0..<400).map { "many A 192.0.2.\($0 % 200 + 1)\nmany A 198.51.100.\($0 % 200 + 1)" }
            .joined(separator: "\n")
    }

    private var script: String {
        """
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
            zonesdir: "\(folder.path)"
            database: ""
            pidfile: "\(folder.path)/pid"
            xfrdfile: "\(folder.path)/xfrd"
            zonelistfile: "\(folder.path)/list"
            logfile: "\(folder.path)/log"
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
