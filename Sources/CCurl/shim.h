// libcurl 7.88 or later. Its setters and getters are variadic, which Swift cannot call: each kind
// of argument has a function of its own here. The two callbacks that only count are here, too.
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static inline CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

// libcurl copies the text.
static inline CURLcode ccurl_set_text(CURL *easy, CURLoption option, const char *text) {
    return curl_easy_setopt(easy, option, text);
}

// The list must live until the transfer ends.
static inline CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(easy, option, list);
}

// libcurl copies the body.
static inline CURLcode ccurl_set_body(CURL *easy, const void *bytes, size_t count) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, count ? bytes : "");
    return code;
}

// What every transfer over TLS has besides: no session of another, and the roots out of one file,
// because libcurl keeps them parsed for the next transfer only then.
static inline CURLcode ccurl_set_tls_defaults(CURL *easy) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    return code;
}

typedef size_t (*ccurl_write)(char *bytes, size_t size, size_t count, void *context);

// What libcurl does not tell afterwards, kept beside a transfer.
struct ccurl_notes {
    // errno of a socket that could not be made, or 0.
    int socket_error;
    // Bytes of header lines so far, and how many are too many.
    size_t header_bytes;
    size_t header_bytes_max;
    // What went wrong, in libcurl's words; may be empty.
    char words[CURL_ERROR_SIZE];
};

// Closed on exec: a program that a check runs must not inherit connections.
static inline curl_socket_t ccurl_open_socket(
    void *context, curlsocktype purpose, struct curl_sockaddr *address
) {
    struct ccurl_notes *notes = context;
    (void)purpose;
    int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (made < 0) notes->socket_error = errno;
    return made < 0 ? CURL_SOCKET_BAD : made;
}

static inline size_t ccurl_count_header(char *bytes, size_t size, size_t count, void *context) {
    struct ccurl_notes *notes = context;
    (void)bytes;
    notes->header_bytes += size * count;
    return notes->header_bytes > notes->header_bytes_max ? 0 : size * count;
}

// What every transfer has: no signals, no proxy and no netrc of the environment, no HTTP/0.9 and no
// redirects (libcurl's defaults), a connection of its own that is closed after it. That a URL is
// of http or https was seen before, and only those that were seen are asked for.
// Small segments wait for one another (TCP_NODELAY off) until somebody asks otherwise: a request
// without a body is one segment, and the option one call of the kernel.
static inline CURLcode ccurl_set_defaults(
    CURL *easy, struct ccurl_notes *notes, ccurl_write write, void *context
) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 0L);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, ccurl_open_socket);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, notes);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, ccurl_count_header);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_HEADERDATA, notes);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, write);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PRIVATE, context);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, notes->words);
    return code;
}

// 0 where libcurl does not know.
static inline long ccurl_get_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

// Microseconds since the transfer began; 0 for what did not happen.
static inline curl_off_t ccurl_get_time(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

// NULL, or text that lives until the handle is used again.
static inline const char *ccurl_get_text(CURL *easy, CURLINFO info) {
    char *text = NULL;
    return curl_easy_getinfo(easy, info, &text) == CURLE_OK ? text : NULL;
}

// What CURLOPT_PRIVATE was set to.
static inline void *ccurl_get_private(CURL *easy) {
    char *context = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context) == CURLE_OK ? (void *)context : NULL;
}

// The last response's header of that name, the line at `index` of `count`, or NULL; lives until the
// handle is used again.
static inline const char *ccurl_get_header(CURL *easy, const char *name, size_t index, size_t *count) {
    struct curl_header *header = NULL;
    if (curl_easy_header(easy, name, index, CURLH_HEADER, -1, &header) != CURLHE_OK) return NULL;
    *count = header->amount;
    return header->value;
}

// When the first of the certificates that were shown ends, in seconds since 1970; -1 where none was.
// Only for a transfer with CURLOPT_CERTINFO.
static inline long long ccurl_first_end(CURL *easy) {
    static const char key[] = "Expire date:";
    struct curl_certinfo *chain = NULL;
    long long first = -1;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain) return -1;
    for (int i = 0; i < chain->num_of_certs; i++) {
        for (struct curl_slist *line = chain->certinfo[i]; line; line = line->next) {
            if (strncmp(line->data, key, sizeof key - 1)) continue;
            long long end = curl_getdate(line->data + sizeof key - 1, NULL);
            if (end >= 0 && (first < 0 || end < first)) first = end;
        }
    }
    return first;
}

typedef int (*ccurl_socket_changed)(
    CURL *easy, curl_socket_t socket, int what, void *context, void *socket_context);
typedef int (*ccurl_timer_changed)(CURLM *multi, long milliseconds, void *context);

// No connection is kept: each transfer has its own.
static inline CURLMcode ccurl_multi_set(
    CURLM *multi, ccurl_socket_changed socket, ccurl_timer_changed timer, void *context
) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    if (code == CURLM_OK) code = curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return code;
}

// The next transfer that has ended, or NULL.
static inline CURL *ccurl_multi_next_ended(CURLM *multi, CURLcode *result) {
    int waiting;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &waiting))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}
