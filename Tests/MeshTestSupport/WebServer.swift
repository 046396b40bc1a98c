package import MeshCore
import MeshPlatform

/// A real nginx with TLS, in a folder of its own, with certificates of a root of its own: one that
/// is right for localhost and 127.0.0.1, one that has expired, one for another name.
package final class WebServer {
    package static var isInstalled: Bool { SecureServer.isInstalled }

    package let plain: SocketAddress
    package let good: SocketAddress
    package let expired: SocketAddress
    package let misnamed: SocketAddress
    private let shop: CertificateShop
    private let nginx: Nginx

    /// The PEM file of the root that has signed them.
    package var rootsFile: String { shop.rootsFile }
    /// PEM files for a client that the server knows, where it asks: `$ssl_client_verify` tells.
    package var clientFile: String { "\(shop.folder)/client.pem" }
    /// The same for one that it does not.
    package var strangerFile: String { "\(shop.folder)/stranger.pem" }
    package var keyFile: String { "\(shop.folder)/leaf.key" }

    /// `places` are `location` blocks of nginx that every host has besides `/`. The file `big` is
    /// 2 MiB of `a`, in its folder.
    package init(places: String = "") throws {
        let loop = try EventLoop()
        plain = try .refusing(on: loop)
        good = try .refusing(on: loop)
        expired = try .refusing(on: loop)
        misnamed = try .refusing(on: loop)
        shop = try CertificateShop()
        try shop.sign("good", endsIn: 10 * 86_400)
        try shop.sign("misnamed", for: ["other.test"], endsIn: 10 * 86_400)
        try shop.sign("client", for: [], endsIn: 10 * 86_400)
        try shop.run(
            """
            openssl req -x509 -new -key leaf.key -subj /CN=stranger -days 30 -out stranger.pem
            head -c 2097152 /dev/zero | tr '\\0' a >big
            openssl ca -batch -notext -config ca.conf -in good.csr -out expired.pem \
                -startdate 20200101000000Z -enddate 20200102000000Z
            """)
        func host(_ address: SocketAddress, _ certificate: String) -> String {
            """
            server {
                listen \(address) ssl http2;
                ssl_certificate \(certificate).pem;
                ssl_certificate_key leaf.key;
                ssl_client_certificate root.pem;
                ssl_verify_client optional;
                location / { return 200 "secret\\n"; }
                \(places)
            }
            """
        }
        nginx = try Nginx(
            in: shop.files,
            """
            gzip on; gzip_min_length 1; default_type text/plain; gzip_types text/plain;
            root \(shop.folder);
            server {
                listen \(plain);
                location / { return 200 "plain"; }
                \(places)
            }
            \(host(good, "good"))
            \(host(expired, "expired"))
            \(host(misnamed, "misnamed"))
            """)
    }
}
