import Glibc
package import MeshCore
import MeshPlatform

/// A folder of a test's own with a root, an intermediate and whatever certificates the test wants,
/// made by the `openssl` program; and real servers that show them.
package final class CertificateShop {
    package static var isInstalled: Bool {
        // Reads a path of our own.
        unsafe access("/usr/bin/openssl", X_OK) == 0
    }

    let files: ServerFolder
    package var folder: String { files.path }
    /// The PEM file of the root that signs.
    package var rootsFile: String { "\(folder)/root.pem" }

    package init() throws {
        files = try ServerFolder()
        try run(
            """
            mkdir made && touch index && echo 1000 >serial && chmod 755 .
            for key in root leaf; do openssl ecparam -genkey -noout -name prime256v1 -out $key.key; done
            openssl req -x509 -new -key root.key -subj '/CN=Test root' -days 300 -out root.pem
            cat >ca.conf <<'CONF'
            [ca]
            default_ca = test
            [test]
            new_certs_dir = made
            database = index
            serial = serial
            default_md = sha256
            policy = any
            certificate = root.pem
            private_key = root.key
            copy_extensions = copyall
            unique_subject = no
            [any]
            commonName = supplied
            CONF
            """)
    }

    /// Makes `NAME.pem`, signed by `issuer`, that ends after so many seconds; the chain from it to
    /// the root, without that, is in the file. Before now: it began a year before that.
    package func sign(
        _ name: String, for hosts: [String] = ["localhost", "127.0.0.1"], commonName: String? = nil,
        endsIn seconds: Int, beginsIn: Int? = nil, by issuer: String = "root",
        isAuthority: Bool = false
    ) throws {
        let list = hosts.map {
            SocketAddress(numericHost: $0, port: 0) == nil ? "DNS:\($0)" : "IP:\($0)"
        }
        var extensions = list.isEmpty ? "" : "-addext subjectAltName=\(list.joined(separator: ","))"
        if isAuthority { extensions += " -addext basicConstraints=critical,CA:TRUE" }
        let start = beginsIn ?? min(-3_600, seconds - 365 * 86_400)
        let key = isAuthority ? name : "leaf"
        let signer = issuer == "root" ? "root" : issuer
        try run(
            """
            [ -e \(key).key ] || openssl ecparam -genkey -noout -name prime256v1 -out \(key).key
            openssl req -new -key \(key).key -subj '/CN=\(commonName ?? hosts.first ?? name)' \
                \(extensions) -out \(name).csr
            openssl ca -batch -notext -config ca.conf -in \(name).csr -out \(name).pem \
                -cert \(signer).pem -keyfile \(signer).key \
                -startdate $(date -u -d "\(start) seconds" +%Y%m%d%H%M%SZ) \
                -enddate $(date -u -d "\(seconds) seconds" +%Y%m%d%H%M%SZ)
            [ \(signer) = root ] || cat \(signer).pem >>\(name).pem
            """)
    }

    /// Makes `NAME.pem`, which has signed itself.
    package func selfSign(_ name: String) throws {
        try run(
            """
            openssl req -x509 -new -key leaf.key -subj /CN=localhost -days 10 \
                -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out \(name).pem
            """)
    }

    /// Runs a shell script in the folder; throws if its last command fails.
    package func run(_ script: String) throws { try files.run(script) }
}

/// A real nginx that shows certificates of a shop.
package final class SecureServer {
    package static var isInstalled: Bool { Nginx.isInstalled && CertificateShop.isInstalled }

    private let nginx: Nginx
    private let places: [String: SocketAddress]

    /// One port for each name: its certificate, and what else `nginx.conf` is to say there.
    package init(_ shop: CertificateShop, _ hosts: [String: String]) throws {
        let loop = try EventLoop()
        places = try hosts.mapValues { _ in try SocketAddress.refusing(on: loop) }
        let blocks = places.map { name, place in
            """
            server {
                listen \(place) ssl;
                ssl_certificate \(name).pem;
                ssl_certificate_key leaf.key;
                \(hosts[name] ?? "")
                location / { return 200 "hello\\n"; }
            }
            """
        }
        nginx = try Nginx(
            in: shop.files, "ssl_session_cache off;\n\(blocks.joined(separator: "\n"))")
    }

    package func place(_ name: String) -> SocketAddress { places[name] ?? .loopback }
}
