// c-ares 1.18 or later: names to addresses without blocking.
#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

// A channel that reports its sockets to `changed`, asks each server `tries` times and gives the
// first try `timeout` milliseconds. Answers an ARES_ status; the channel is the caller's then.
static inline int cares_open(
    ares_channel *channel, ares_sock_state_cb changed, void *context, int timeout, int tries
) {
    struct ares_options options;
    memset(&options, 0, sizeof options);
    options.sock_state_cb = changed;
    options.sock_state_cb_data = context;
    options.timeout = timeout;
    options.tries = tries;
    return ares_init_options(
        channel, &options, ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
}

// Addresses of both families, in the order of RFC 6724; one entry for each.
static inline void cares_addresses(
    ares_channel channel, const char *name, ares_addrinfo_callback done, void *context
) {
    struct ares_addrinfo_hints hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel, name, NULL, &hints, done, context);
}

// Milliseconds until the channel has something to do, rounded up; -1 for never.
static inline long cares_wait(ares_channel channel) {
    struct timeval span;
    if (!ares_timeout(channel, NULL, &span)) return -1;
    return span.tv_sec * 1000 + (span.tv_usec + 999) / 1000;
}

// A server that a channel asks: 4 or 16 bytes of an address, and a port, 0 for the usual one.
struct cares_server {
    unsigned char bytes[16];
    unsigned short port;
    int is_ipv4;
};

// Writes the channel's servers, at most `count`, in their order. Answers how many, 0 for want of
// memory.
static inline int cares_servers(ares_channel channel, struct cares_server *servers, int count) {
    struct ares_addr_port_node *first = NULL;
    int filled = 0;
    if (ares_get_servers_ports(channel, &first) != ARES_SUCCESS) return 0;
    for (struct ares_addr_port_node *node = first; node && filled < count; node = node->next) {
        struct cares_server *server = &servers[filled];
        if (node->family != AF_INET && node->family != AF_INET6) continue;
        memset(server, 0, sizeof *server);
        server->is_ipv4 = node->family == AF_INET;
        server->port = (unsigned short)node->udp_port;
        if (server->is_ipv4) {
            memcpy(server->bytes, &node->addr.addr4, 4);
        } else {
            memcpy(server->bytes, &node->addr.addr6, 16);
        }
        filled++;
    }
    ares_free_data(first);
    return filled;
}
