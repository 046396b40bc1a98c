// What a verified TLS handshake in full costs at least: OpenSSL, one shared context, sockets on epoll,
// and nothing else. For scripts/bench-checks, which compiles it and holds Checkmesh against it.
//
//     bench-tls-floor PORT ROOTS.pem COUNT CONCURRENCY    of 127.0.0.1; prints "CPU-s per 1,000, per second"
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct look {
    int socket;
    SSL *ssl;
};

static SSL_CTX *context;
static struct sockaddr_in target;
static int poller, begun, ended, failed, count;

static void begin(struct look *look) {
    begun++;
    look->ssl = NULL;
    look->socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(look->socket, (struct sockaddr *)&target, sizeof target) < 0 && errno != EINPROGRESS) {
        perror("connect");
        exit(1);
    }
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = look};
    epoll_ctl(poller, EPOLL_CTL_ADD, look->socket, &event);
}

static void end(struct look *look, int is_good) {
    failed += !is_good;
    ended++;
    SSL_free(look->ssl);
    close(look->socket);
    if (begun < count) begin(look);
}

static void proceed(struct look *look) {
    if (!look->ssl) {
        look->ssl = SSL_new(context);
        SSL_set1_host(look->ssl, "127.0.0.1");
        SSL_set_fd(look->ssl, look->socket);
        SSL_set_connect_state(look->ssl);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = look};
        epoll_ctl(poller, EPOLL_CTL_MOD, look->socket, &event);
    }
    int answer = SSL_do_handshake(look->ssl);
    if (answer == 1) {
        SSL_shutdown(look->ssl);
        end(look, SSL_get_verify_result(look->ssl) == X509_V_OK);
    } else if (SSL_get_error(look->ssl, answer) != SSL_ERROR_WANT_READ) {
        ERR_print_errors_fp(stderr);
        end(look, 0);
    }
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    target.sin_family = AF_INET;
    target.sin_port = htons((uint16_t)atoi(argv[1]));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    count = atoi(argv[3]);
    int concurrency = atoi(argv[4]);
    signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_client_method());
    if (SSL_CTX_load_verify_file(context, argv[2]) != 1) return 2;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    poller = epoll_create1(0);
    struct look *looks = calloc((size_t)concurrency, sizeof *looks);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int place = 0; place < concurrency && begun < count; place++) begin(&looks[place]);
    struct epoll_event events[256];
    while (ended < count) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int place = 0; place < ready; place++) proceed(events[place].data.ptr);
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double took = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    double spent = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    printf("%.4f %.0f\n", spent / ended * 1000, ended / took);
    return failed > 0;
}
