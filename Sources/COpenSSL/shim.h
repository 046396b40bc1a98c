// OpenSSL 3: Ed25519, AES-256-GCM, HKDF, SHA-256, random bytes and TLS 1.3.
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

// What OpenSSL offers as macros only, which Swift can't see. 1 for success, as there.

static inline int copenssl_require_tls13(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1
        && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1;
}

static inline int copenssl_set_groups(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, groups) == 1;
}

// No session is kept, none is offered, and a connection at rest keeps no buffers.
static inline void copenssl_keep_nothing(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}
