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
