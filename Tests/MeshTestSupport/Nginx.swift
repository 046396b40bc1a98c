import Glibc

/// A real nginx, in a folder with all that its configuration speaks of.
final class Nginx {
    static var isInstalled: Bool {
        // Reads a path of our own.
        unsafe access("/usr/sbin/nginx", X_OK) == 0
    }

    private let folder: ServerFolder

    /// `http` is what `nginx.conf` says there: the hosts.
    init(in folder: ServerFolder, _ http: String) throws {
        self.folder = folder
        try folder.run(
            """
            cat >nginx.conf <<'CONF'
            worker_processes 1;
            pid pid;
            error_log error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
                uwsgi_temp_path t4; scgi_temp_path t5;
                \(http)
            }
            CONF
            /usr/sbin/nginx -p ./ -c nginx.conf
            """)
    }

    deinit { folder.endServer() }
}
