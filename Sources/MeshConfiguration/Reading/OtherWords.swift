/// What other tools call what is here called otherwise: whoever comes from them writes their words,
/// which may be near to none of ours.
enum OtherWords {
    /// Types of checks.
    static let types = [
        "ping": "icmp", "icmp_ping": "icmp", "https": "http", "url": "http", "web": "http",
        "website": "http", "http_check": "http", "port": "tcp", "socket": "tcp", "telnet": "tcp",
        "tcp_connect": "tcp", "ssl": "tls", "cert": "tls", "certificate": "tls",
        "ssl_expire": "tls", "x509": "tls", "dig": "dns", "resolve": "dns", "command": "exec",
        "cmd": "exec", "script": "exec", "shell": "exec", "program": "exec", "nagios": "exec",
        "plugin": "exec",
    ]

    /// Our key for one of theirs in a check of this type.
    static func key(_ word: String, of type: String) -> String? {
        let word = word.lowercased()
        return keys[type]?[word] ?? usualKeys[word]
    }

    /// Of every type.
    static let usualKeys = [
        "every": "interval", "frequency": "interval", "period": "interval",
        "check_interval": "interval", "retries": "attempts", "labels": "tags", "groups": "tags",
        "title": "name", "disabled": "enabled", "paused": "enabled", "parents": "depends_on",
        "requires": "depends_on",
    ]

    static let keys: [String: [String: String]] = [
        "dns": [
            "contains": "expect", "regex": "expect_match", "match": "expect_match",
            "nameserver": "server", "resolver": "server", "host": "hostname",
            "domain": "hostname", "query": "hostname", "query_name": "hostname",
            "record_type": "record", "query_type": "record", "rrtype": "record",
            "rcode": "expect_rcode", "valid_rcodes": "expect_rcode", "port": "server",
            "protocol": "transport", "ip_protocol": "force_ip", "ip_version": "force_ip",
        ],
        "exec": [
            "args": "arguments", "argv": "arguments", "cmd": "command", "program": "command",
            "path": "command", "script": "command", "env": "environment", "cwd": "directory",
            "dir": "directory", "workdir": "directory", "working_directory": "directory",
            "contains": "must_contain", "expect": "must_contain", "regex": "must_match",
            "match": "must_match",
        ],
        "http": [
            "host": "url", "hostname": "url", "port": "url", "address": "url", "target": "url",
            "path": "url",
            "contains": "must_contain", "expect": "must_contain", "keyword": "must_contain",
            "regex": "must_match", "match": "must_match", "expect_match": "must_match",
            "status_code": "expect_status", "status_codes": "expect_status",
            "valid_status_codes": "expect_status", "upside_down": "invert",
            "ca_file": "tls_ca_file", "tls_ca": "tls_ca_file", "ca": "tls_ca_file",
            "insecure": "tls_skip_verify", "insecure_skip_verify": "tls_skip_verify",
            "ignore_tls": "tls_skip_verify", "verify": "tls_skip_verify",
            "basic_auth": "username", "user": "username", "auth": "username",
            "bearer": "bearer_token", "token": "bearer_token", "sni": "tls_server_name",
            "server_name": "tls_server_name", "proxy_url": "proxy",
            "compression": "gzip", "ip_protocol": "force_ip", "ip_version": "force_ip",
        ],
        "icmp": [
            "host": "target", "hostname": "target", "address": "target", "packets": "count",
            "packet_loss": "max_loss", "packetloss": "max_loss", "loss": "max_loss",
            "packet_size": "size", "ip_protocol": "force_ip", "ip_version": "force_ip",
        ],
        "tcp": [
            "host": "address", "hostname": "address", "port": "address", "target": "address",
            "contains": "expect", "must_contain": "expect", "regex": "expect_match",
            "match": "expect_match", "must_match": "expect_match", "payload": "send",
            "ca_file": "tls_ca_file", "tls_ca": "tls_ca_file", "ca": "tls_ca_file",
            "insecure": "tls_skip_verify", "insecure_skip_verify": "tls_skip_verify",
            "sni": "tls_server_name", "server_name": "tls_server_name", "ssl": "tls",
            "ip_protocol": "force_ip", "ip_version": "force_ip",
        ],
        "tls": [
            "host": "address", "hostname": "address", "port": "address", "target": "address",
            "url": "address", "ca_file": "tls_ca_file", "tls_ca": "tls_ca_file",
            "ca": "tls_ca_file", "insecure": "tls_skip_verify",
            "insecure_skip_verify": "tls_skip_verify", "sni": "server_name",
            "days": "expires_within",
            "expiry": "expires_within", "protocol": "starttls", "ip_protocol": "force_ip",
            "ip_version": "force_ip",
        ],
    ]
}
