// GNU libmicrohttpd. Its functions with a variable number of arguments, which Swift cannot call, are
// wrapped with the ones that we use; so are socket addresses.
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Listens on `host`, 16 bytes of IPv6 address, or its last 4 as IPv4 where `is_ipv4`; port 0 takes
// any. Answers a non-blocking descriptor, or -1 with errno. An IPv6 socket takes no IPv4.
static inline int cmicrohttpd_listen(const uint8_t *host, int is_ipv4, uint16_t port, int backlog) {
    struct sockaddr_storage address;
    socklen_t length;
    memset(&address, 0, sizeof address);
    if (is_ipv4) {
        struct sockaddr_in *in = (struct sockaddr_in *)&address;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        memcpy(&in->sin_addr, host + 12, 4);
        length = sizeof *in;
    } else {
        struct sockaddr_in6 *in = (struct sockaddr_in6 *)&address;
        in->sin6_family = AF_INET6;
        in->sin6_port = htons(port);
        memcpy(&in->sin6_addr, host, 16);
        length = sizeof *in;
    }
    int one = 1;
    int number = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (number < 0) return -1;
    setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!is_ipv4) setsockopt(number, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(number, (struct sockaddr *)&address, length) != 0 || listen(number, backlog) != 0) {
        int error = errno;
        close(number);
        errno = error;
        return -1;
    }
    return number;
}

// The port that a socket is bound to, 0 if it has none.
static inline uint16_t cmicrohttpd_port(int number) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(number, (struct sockaddr *)&address, &length) != 0) return 0;
    if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return 0;
}

struct cmicrohttpd_limits {
    unsigned connections;
    unsigned connections_per_client;
    unsigned idle_seconds;
    size_t connection_memory;
};

// Names and values stay as they came: a check's name may hold an encoded slash.
static inline size_t cmicrohttpd_keep_encoded(void *context, struct MHD_Connection *connection,
                                              char *text) {
    (void)context;
    (void)connection;
    return strlen(text);
}

// A daemon without a thread, on a socket that listens and that it closes at its end; `context` goes
// to every callback. NULL if it could not be started.
static inline struct MHD_Daemon *cmicrohttpd_start(int socket, struct cmicrohttpd_limits limits,
                                                   MHD_AccessHandlerCallback handle,
                                                   MHD_RequestCompletedCallback completed,
                                                   MHD_NotifyConnectionCallback connected,
                                                   void *context) {
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, context,
        MHD_OPTION_LISTEN_SOCKET, socket,
        MHD_OPTION_CONNECTION_LIMIT, limits.connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, limits.connections_per_client,
        MHD_OPTION_CONNECTION_TIMEOUT, limits.idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.connection_memory,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_UNESCAPE_CALLBACK, cmicrohttpd_keep_encoded, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, completed, context,
        MHD_OPTION_NOTIFY_CONNECTION, connected, context,
        MHD_OPTION_END);
}

// The descriptor to wait for, which the daemon owns; -1 if there is none.
static inline int cmicrohttpd_epoll(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}

// A connection's socket, which the daemon owns.
static inline int cmicrohttpd_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

// What the connection callback has kept in its context.
static inline void *cmicrohttpd_connection_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

// Bytes of a request's header, its first line included.
static inline size_t cmicrohttpd_header_size(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

static const long cmicrohttpd_end_of_stream = -1;
