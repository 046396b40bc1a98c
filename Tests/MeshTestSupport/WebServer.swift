import Glibc
package import MeshCore
import MeshPlatform

/// A real nginx with TLS, in a folder of its own, with certificates of a root of its own: one that
/// is right for localhost and 127.0.0.1, one that has expired, one for another name.
package final class WebServer {
    package static var isInstalled: Bool {
        // Reads paths of our own.
        unsafe access("/usr/sbin/nginx", X_OK) == 0 && access("/usr/bin/openssl", X_OK) == 0
    }

    package let plain: SocketAddress
    package let good: SocketAddress
    package let expired: SocketAddress
    package let misnamed: SocketAddress
    /// The PEM file of the root that has signed them.
    package let rootsFile: String
    private let folder: String
    private let places: String

    /// PEM files for a client that the server knows, where it asks: `$ssl_client_verify` tells.
    package var clientFile: String { "\(folder)/client.pem" }
    /// The same for one that it does not.
    package var strangerFile: String { "\(folder)/stranger.pem" }
    package var keyFile: String { "\(folder)/leaf.key" }

    /// `places` are `location` blocks of nginx that every host has besides `/`. The file `big` is
    /// 2 MiB of `a`, in its folder.
    package init(places: String = "") throws {
        self.places = places
        let loop = try EventLoop()
        plain = try .refusing(on: loop)
        good = try .refusing(on: loop)
        expired = try .refusing(on: loop)
        misnamed = try .refusing(on: loop)
        var template = Array("/tmp/checkmesh-web.XXXXXX".utf8CString)
        // Writes the six letters into our own text.
        folder = unsafe template.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, let made = unsafe mkdtemp(base) else {
                return ""
            }
            return unsafe String(cString: made)
        }
        rootsFile = "\(folder)/root.pem"
        guard !folder.isEmpty, Self.run(script) else {
            throw SystemError(EIO, "start a web server in \(folder)")
        }
    }

    deinit {
        // Its master writes its number there; the folder is ours alone.
        _ = Self.run("cd \(folder) && kill $(cat pid); rm -rf \(folder)")
    }

    private static func run(_ script: String) -> Bool {
        // Reads a text of our own; a shell runs it to its end.
        unsafe system("{ \(script)\n} >/dev/null 2>&1") == 0
    }

    private func host(_ address: SocketAddress, _ certificate: String) -> String {
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

    private var script: String {
        """
        cd \(folder) && mkdir made && touch index && echo 1000 >serial || exit 1
        for key in root leaf; do openssl ecparam -genkey -name prime256v1 -out $key.key; done
        openssl req -x509 -new -key root.key -subj '/CN=Test root' -days 30 -out root.pem
        openssl req -new -key leaf.key -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out good.csr
        openssl req -new -key leaf.key -subj /CN=other.test \
            -addext subjectAltName=DNS:other.test -out misnamed.csr
        cat >ca.conf <<'CONF'
        [ca]
        default_ca = test
        [test]
        new_certs_dir = made
        database = index
        serial = serial
        default_md = sha256
        policy = any
        copy_extensions = copy
        private_key = root.key
        certificate = root.pem
        unique_subject = no
        [any]
        commonName = supplied
        CONF
        sign() { csr=$1; pem=$2; shift 2
            openssl ca -batch -notext -config ca.conf -in $csr.csr -out $pem.pem "$@"; }
        openssl req -new -key leaf.key -subj /CN=client -out client.csr
        openssl req -x509 -new -key leaf.key -subj /CN=stranger -days 30 -out stranger.pem
        sign good good -days 10 && sign misnamed misnamed -days 10 || exit 1
        sign client client -days 10 || exit 1
        head -c 2097152 /dev/zero | tr '\\0' a >big
        sign good expired -startdate 20200101000000Z -enddate 20200102000000Z || exit 1
        cat >nginx.conf <<'CONF'
        worker_processes 1;
        pid pid;
        error_log error.log;
        events { worker_connections 256; }
        http {
            access_log off;
            client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
            uwsgi_temp_path t4; scgi_temp_path t5;
            gzip on; gzip_min_length 1; default_type text/plain; gzip_types text/plain;
            root \(folder);
            server {
                listen \(plain);
                location / { return 200 "plain"; }
                \(places)
            }
            \(host(good, "good"))
            \(host(expired, "expired"))
            \(host(misnamed, "misnamed"))
        }
        CONF
        chmod 755 . && /usr/sbin/nginx -p \(folder)/ -c nginx.conf
        """
    }
}
