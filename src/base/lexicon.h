/* SPDX-License-Identifier: BSD-3-Clause */
/* A fixed set of words, found without regard to ASCII case by one probe: no two of them share a slot. The words are
 * the program's own, not its clients', so the hash needs no key; a word that is none of them costs the same. */
#ifndef ECHOLOG_BASE_LEXICON_H
#define ECHOLOG_BASE_LEXICON_H

#include "base/bytes.h"
#include <stdbool.h>

#define LEXICON_WORDS_MAX 512

struct lexicon_entry;

struct lexicon {
    struct lexicon_entry *entries; /* owned; one per word, in the order they came in */
    size_t count;
    uint16_t *slots; /* owned; a power of two of them: 0, or 1 + the number of an entry */
    unsigned shift;  /* from a hash to its slot */
    uint64_t multiplier;
};

/* `words` are borrowed, not empty, and differ also when their case does not count (asserted). */
void lexicon_init(struct lexicon *x, const char *const *words, size_t count);
void lexicon_deinit(struct lexicon *x);

#define LEXICON_NOT_FOUND SIZE_MAX

/* The number of the word, or LEXICON_NOT_FOUND. */
size_t lexicon_find(const struct lexicon *x, struct bytes word);

#endif
