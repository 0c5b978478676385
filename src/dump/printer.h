/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes what was found, a line for each thing: `kind name=value ...`, or a JSON object. Bytes are quoted as
 * redis-cli quotes them; in JSON those that are not UTF-8 are {"hex": "..."}. */
#ifndef ECHOLOG_DUMP_PRINTER_H
#define ECHOLOG_DUMP_PRINTER_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct printer {
    FILE *out; /* borrowed */
    bool json;
    struct buf line;  /* owned */
    size_t items;     /* of the list that is open */
    uint64_t errors;  /* lines of that kind */
    uint64_t notes;   /* the same */
    bool cannot_look; /* something was not readable for us */
};

void printer_init(struct printer *p, FILE *out, bool json);
void printer_deinit(struct printer *p);

/* A line: begin, its fields, end. `depth` is how far the text is indented. */
void printer_begin(struct printer *p, unsigned depth, const char *kind);
void printer_number(struct printer *p, const char *name, int64_t value);
void printer_count(struct printer *p, const char *name, uint64_t value);
void printer_flag(struct printer *p, const char *name, bool value);
/* A name or a word, which is quoted only if it must be. */
void printer_word(struct printer *p, const char *name, const char *value);
void printer_bytes(struct printer *p, const char *name, struct bytes value);
/* A list of pairs: open, the pairs, close. */
void printer_list_open(struct printer *p, const char *name);
void printer_pair(struct printer *p, struct bytes name, struct bytes value);
void printer_pair_numbers(struct printer *p, int64_t first, int64_t second);
void printer_list_close(struct printer *p);
void printer_end(struct printer *p);

/* Something is wrong with the file `path`. */
void printer_error(struct printer *p, const char *path, const char *format, ...) PRINTF_LIKE(3, 4);
/* Something is odd, but fine. */
void printer_note(struct printer *p, const char *path, const char *format, ...) PRINTF_LIKE(3, 4);
/* The file could not be opened or read. */
void printer_failed(struct printer *p, const char *path, enum err err);

#endif
