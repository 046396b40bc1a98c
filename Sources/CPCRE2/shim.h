// PCRE2 10.34 or later, over bytes. Its names are macros, which Swift cannot call: what is used has
// a function here. So has the clock that ends a search which would take for ever.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <time.h>

typedef pcre2_code cpcre2_code;

// A pattern that has a callout before every item, so that a search can be ended anywhere, or NULL:
// then `error` and `offset`, in bytes, say what is wrong. Patterns are UTF-8; bytes of a subject
// that are not are found by nothing. The caller's to free.
static inline cpcre2_code *cpcre2_compile(
    const unsigned char *pattern, size_t count, int *error, size_t *offset
) {
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
    return pcre2_compile(pattern, count, options, error, offset, NULL);
}

static inline void cpcre2_free(cpcre2_code *code) { pcre2_code_free(code); }

// What PCRE2 calls an error, with its NUL.
static inline int cpcre2_words(int error, unsigned char *words, size_t space) {
    return pcre2_get_error_message(error, words, space);
}

static inline long long cpcre2_spent(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

struct cpcre2_search {
    long long end;
    unsigned items;
};

// Reads the clock at every 256th item: one item takes 64 KiB of a subject at most.
static inline int cpcre2_tick(pcre2_callout_block *block, void *context) {
    struct cpcre2_search *search = context;
    (void)block;
    if (++search->items % 256) return 0;
    return cpcre2_spent() > search->end ? PCRE2_ERROR_MATCHLIMIT : 0;
}

// 1 if it is in the subject, 0 if it is not, -1 if that could not be found out with `nanoseconds` of
// this thread's time and `kib` of memory.
static inline int cpcre2_find(
    const cpcre2_code *code, const unsigned char *subject, size_t count, long long nanoseconds,
    unsigned kib
) {
    struct cpcre2_search search = {cpcre2_spent() + nanoseconds, 0};
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int code_or_count = PCRE2_ERROR_NOMEMORY;
    if (context && data) {
        pcre2_set_callout(context, cpcre2_tick, &search);
        pcre2_set_heap_limit(context, kib);
        code_or_count = pcre2_match(code, subject, count, 0, 0, data, context);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    if (code_or_count >= 0) return 1;
    return code_or_count == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
