// OpenSSL 3: Ed25519, AES-256-GCM, HKDF, SHA-256 and random bytes.
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
