/* SPDX-License-Identifier: BSD-3-Clause */
/* A perfect hash: multipliers are tried until one gives each word a slot of its own. There are as many slots as let
 * one try in fifty succeed. Words are looked at eight bytes at a time, in lower case: with its length, the first and the
 * last eight tell a word of up to sixteen bytes from all others. */
#include "base/lexicon.h"

#include "base/check.h"
#include "base/chunk.h"
#include "base/mem.h"

#define PAIRS_PER_SLOT_MAX 4 /* of words, that could meet in it */
#define TRIES_MAX 1000000

/* Bytes are in memory order, whichever that is: they are only compared. */
struct lexicon_entry {
    const char *text; /* borrowed */
    size_t len;
    uint64_t first, last;
};

static_assert(LEXICON_WORDS_MAX < UINT16_MAX, "a slot holds the number of an entry");

static inline struct lexicon_entry entry_of(const char *text, size_t len)
{
    struct lexicon_entry e = {.text = text, .len = len};
    if (len < CHUNK_BYTES) {
        e.first = chunk_lower(chunk_load(text, len));
    } else {
        e.first = chunk_lower(chunk_load(text, CHUNK_BYTES));
        e.last = chunk_lower(chunk_load(text + len - CHUNK_BYTES, CHUNK_BYTES));
    }
    return e;
}

static inline size_t slot_of(const struct lexicon *x, const struct lexicon_entry *e)
{
    uint64_t mixed = e->first * x->multiplier + e->len;
    return (size_t)(((mixed ^ mixed >> 32 ^ e->last) * x->multiplier) >> x->shift);
}

static inline bool same(const struct lexicon_entry *a, const struct lexicon_entry *b)
{
    return a->len == b->len && a->first == b->first && a->last == b->last &&
           (a->len <= 2 * CHUNK_BYTES ||
            bytes_equal_nocase(bytes_of(a->text, a->len), bytes_of(b->text, b->len)));
}

/* --- making it ------------------------------------------------------------------------------ */

static unsigned bits_for(size_t count)
{
    unsigned bits = 1;
    while ((size_t)1 << bits < count * count / 2 / PAIRS_PER_SLOT_MAX)
        bits++;
    return bits;
}

/* False when two words meet. */
static bool fill(struct lexicon *x)
{
    memset(x->slots, 0, ((size_t)1 << (64 - x->shift)) * sizeof(*x->slots));
    for (size_t i = 0; i < x->count; i++) {
        uint16_t *slot = &x->slots[slot_of(x, &x->entries[i])];
        if (*slot != 0) {
            ASSERT(!same(&x->entries[*slot - 1], &x->entries[i]));
            return false;
        }
        *slot = (uint16_t)(i + 1);
    }
    return true;
}

void lexicon_init(struct lexicon *x, const char *const *words, size_t count)
{
    ASSERT(count <= LEXICON_WORDS_MAX);
    unsigned bits = bits_for(count);
    *x = (struct lexicon){.count = count, .shift = 64 - bits, .multiplier = 1};
    x->entries = mem_alloc(count * sizeof(*x->entries));
    x->slots = mem_alloc(((size_t)1 << bits) * sizeof(*x->slots));
    for (size_t i = 0; i < count; i++) {
        x->entries[i] = entry_of(words[i], strlen(words[i]));
        ASSERT(x->entries[i].len > 0);
    }
    int tries = 0;
    do {
        ASSERT(tries++ < TRIES_MAX);
        x->multiplier = x->multiplier * 6364136223846793005u + 1442695040888963407u;
    } while (!fill(x));
}

void lexicon_deinit(struct lexicon *x)
{
    mem_free(x->entries);
    mem_free(x->slots);
    *x = (struct lexicon){0};
}

/* --- using it ------------------------------------------------------------------------------- */

size_t lexicon_find(const struct lexicon *x, struct bytes word)
{
    const struct lexicon_entry e = entry_of(word.data, word.len);
    uint16_t number = x->slots[slot_of(x, &e)];
    if (number == 0 || !same(&x->entries[number - 1], &e))
        return LEXICON_NOT_FOUND;
    return number - 1u;
}
