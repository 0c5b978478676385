/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a rule list put together: a selector may be given as several words, "(~a" "+get)". */
#ifndef ECHOLOG_ACCESS_RULES_H
#define ECHOLOG_ACCESS_RULES_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include <stddef.h>

struct rules {
    struct bytes *items; /* owned, in one block with the bytes */
    size_t count;
};

/* Copies the words. ERR_INVALID: a selector is not closed; *unclosed is the number of the word that opens it, and there is
 * nothing to free. */
MUST_CHECK
enum err rules_join(const struct bytes *words, size_t count, struct rules *rules, size_t *unclosed);
void rules_free(struct rules *rules);

#endif
