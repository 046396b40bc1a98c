// OpenSSL 3: Ed25519, AES-256-GCM, HKDF, SHA-256, random bytes, TLS and the certificates of others.
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

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

static inline int copenssl_set_minimum(SSL *ssl, int version) {
    return SSL_set_min_proto_version(ssl, version) == 1;
}

static inline int copenssl_say_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name) == 1;
}

// Chains of certificates: a stack's functions are macros, too.

static inline int copenssl_chain_count(const STACK_OF(X509) *chain) {
    return chain ? sk_X509_num(chain) : 0;
}

static inline X509 *copenssl_chain_certificate(const STACK_OF(X509) *chain, int place) {
    return sk_X509_value(chain, place);
}

static inline void copenssl_chain_free(STACK_OF(X509) *chain) {
    sk_X509_pop_free(chain, X509_free);
}

// Seconds since 1970 of a certificate's time; INT64_MIN if it is none.
static inline int64_t copenssl_seconds(const ASN1_TIME *time) {
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return INT64_MIN;
    // Days of the proleptic Gregorian calendar, in years that begin in March.
    int64_t month = parts.tm_mon + 1, year = parts.tm_year + 1900 - (month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t day = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + parts.tm_mday - 1;
    int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719468;
    return days * 86400 + parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec;
}

// Writes the names and addresses that a certificate is for, a line each, as far as they fit, and
// says how many bytes that took.
static inline int copenssl_write_hosts(X509 *certificate, char *buffer, int capacity) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = names ? sk_GENERAL_NAME_num(names) : 0, used = 0;
    for (int place = 0; place < count; place++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, place);
        char text[64];
        const unsigned char *bytes;
        int length;
        if (name->type == GEN_DNS) {
            bytes = ASN1_STRING_get0_data(name->d.dNSName);
            length = ASN1_STRING_length(name->d.dNSName);
        } else if (name->type == GEN_IPADD) {
            const unsigned char *host = ASN1_STRING_get0_data(name->d.iPAddress);
            int size = ASN1_STRING_length(name->d.iPAddress);
            if (size == 4) {
                length = BIO_snprintf(
                    text, sizeof text, "%d.%d.%d.%d", host[0], host[1], host[2], host[3]);
            } else if (size == 16) {
                length = 0;
                for (int group = 0; group < 8; group++)
                    length += BIO_snprintf(
                        text + length, sizeof text - (size_t)length, group ? ":%x" : "%x",
                        host[2 * group] << 8 | host[2 * group + 1]);
            } else {
                continue;
            }
            bytes = (const unsigned char *)text;
        } else {
            continue;
        }
        if (length <= 0 || length > capacity - used - 1) continue;
        memcpy(buffer + used, bytes, (size_t)length);
        buffer[used + length] = '\n';
        used += length + 1;
    }
    GENERAL_NAMES_free(names);
    return used;
}
