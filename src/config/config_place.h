/* SPDX-License-Identifier: BSD-3-Clause */
/* One directive as somebody wrote it, and the place where it stands: what config_file.c and
 * config_options.c share. */
#ifndef ECHOLOG_CONFIG_CONFIG_PLACE_H
#define ECHOLOG_CONFIG_CONFIG_PLACE_H

#include "config/config_source.h"

enum place_kind { PLACE_LINE, PLACE_OPTION, PLACE_VARIABLE };

/* A file that is being read. */
struct open_file {
    const struct open_file *outer; /* the one that includes it; NULL: none */
    const char *name;              /* for messages */
    struct bytes id;               /* null: a text that is no file */
    size_t depth;
};

struct place {
    enum place_kind kind;
    const struct open_file *file; /* of a LINE; NULL otherwise */
    size_t line;
};

/* A text in the place of the file with this `id`, which is null when there is none. */
MUST_CHECK
enum err config_read_as(struct config_source *s, const char *name, struct bytes id,
                        struct bytes text);

/* Begins the line for a problem, and counts it. */
void place_begin_problem(struct config_source *s, const struct place *p);
/* A name as it is written at such a place: "port", "--port", "ECHOLOG_PORT". */
void place_name(const struct place *p, struct bytes name, struct buf *text);

/* Sets the directive `name` to the value that `words` make, or reads what `include` names. */
MUST_CHECK
enum err place_apply(struct config_source *s, const struct place *p, struct bytes name,
                     const struct bytes *words, size_t count);
void place_unknown(struct config_source *s, const struct place *p, struct bytes name);

/* Reads what the words of an `include` at this place name. */
MUST_CHECK
enum err include_apply(struct config_source *s, const struct place *p, const struct bytes *words,
                       size_t count);

#endif
