/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of named, typed options over the fields of a plain struct: parsing, checking, formatting,
 * listing. Errors are sentences for people, written to a caller's buffer. */
#ifndef ECHOLOG_CONFIG_DIRECTIVE_H
#define ECHOLOG_CONFIG_DIRECTIVE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum directive_type {
    DIRECTIVE_INT,    /* int64_t, within [min, max] */
    DIRECTIVE_SIZE,   /* int64_t of bytes, within [min, max]; "64kb", "1mb" are understood */
    DIRECTIVE_BOOL,   /* bool: yes or no (true and false in topic configuration) */
    DIRECTIVE_STRING, /* char *, owned by the struct, never NULL; of at most `max` bytes if not 0 */
    DIRECTIVE_ENUM,   /* int; the words are in `words` */
    DIRECTIVE_CUSTOM, /* parse/format of its own */
};

enum directive_flags {
    DIRECTIVE_FIXED = 1,      /* only at start, not by CONFIG SET */
    DIRECTIVE_SECRET = 2,     /* not shown in traces */
    DIRECTIVE_TRUE_FALSE = 4, /* a BOOL that reads and writes true/false */
    DIRECTIVE_WORDS = 8,      /* its value in a file or on the command line is one or more words */
    DIRECTIVE_REFERS = 16, /* names files whose content counts: set to the same, it has changed */
    DIRECTIVE_LINES =
        32, /* WORDS, and may stand several times: `parse` adds a line that words_split cuts up */
    DIRECTIVE_HIDDEN = 64, /* not told by CONFIG GET */
};

struct directive_word {
    const char *word; /* NULL ends the list */
    int value;
};

struct directive {
    const char *name;
    const char *alias; /* a second accepted name, or NULL */
    enum directive_type type;
    unsigned flags;
    size_t field;        /* offsetof in the struct */
    const char *initial; /* the default, as text */
    int64_t min, max;    /* INT and SIZE; STRING */
    const struct directive_word *words;
    /* CUSTOM: `target` is the field; zeroed before its first parse. `why` gets a sentence on
     * ERR_INVALID, and nothing has changed then. `format` loses nothing: copies are made by parsing
     * what it wrote. */
    enum err (*parse)(void *target, struct bytes text, struct buf *why);
    void (*format)(const void *target, struct buf *text);
    void (*release)(void *target); /* or NULL */
    /* What stands behind the name in a file, for each line that the value takes there; NULL: one. */
    void (*format_lines)(const void *target, void (*line)(void *ctx, struct bytes value),
                         void *ctx);
    size_t size; /* of the field */
    /* STRING: refuses what is not acceptable, with a sentence in `why`; or NULL. */
    enum err (*check)(struct bytes text, struct buf *why);
    const char *summary; /* one line for people */
};

struct directive_table {
    const struct directive *items;
    size_t count;
};

/* Fills the whole struct with the defaults (asserted to be valid). */
void directives_init(const struct directive_table *t, void *values);
void directives_deinit(const struct directive_table *t, void *values);
/* Deep copy of an initialised struct into an uninitialised one. */
void directives_copy(const struct directive_table *t, void *to, const void *from);

/* By name, without regard to case; NULL if unknown. */
const struct directive *directive_find(const struct directive_table *t, struct bytes name);
/* The closest known name, or NULL. */
const char *directive_nearest(const struct directive_table *t, struct bytes name);

/* ERR_INVALID: nothing changed, and `why` (appended to) says which value broke which limit, e.g.
 * "argument must be between 1 and 65535 inclusive". */
MUST_CHECK
enum err directive_set(const struct directive *d, void *values, struct bytes text, struct buf *why);
void directive_get(const struct directive *d, const void *values, struct buf *text);
bool directive_equal(const struct directive *d, const void *a, const void *b);

#endif
