/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a configuration comes from: files, the environment, the command line. Whoever reads them in this
 * order, on top of the defaults, gets what the documentation promises: the later one wins.
 *
 * No file is opened here: texts come through `struct config_files`, which main provides. */
#ifndef ECHOLOG_CONFIG_CONFIG_SOURCE_H
#define ECHOLOG_CONFIG_CONFIG_SOURCE_H

#include "config/config.h"

#define CONFIG_INCLUDE_DEPTH_MAX 16
#define CONFIG_INCLUDES_MAX 1000 /* of files that are read, over all of them */
#define CONFIG_VARIABLE_PREFIX "ECHOLOG_"

struct config_files {
    /* Appends all of the file to `text`, and to `id` what is the same for the same file whatever path it
     * is reached by. ERR_NOT_FOUND when there is none and ERR_INVALID when it cannot be read: `why` gets
     * the reason, as "No such file or directory". */
    enum err (*read)(const struct config_files *f, const char *path, struct buf *text,
                     struct buf *id, struct buf *why);
    /* Calls `found` with each path that a pattern of the shell matches, in the order of their names, up
     * to the first failure, which it returns. That none matches is no failure. ERR_ACCESS, and nothing
     * was found: a directory cannot be read. */
    enum err (*match)(const struct config_files *f, const char *pattern,
                      enum err (*found)(void *ctx, const char *path), void *ctx);
    /* Puts `text` in place of what the file holds, or makes it: a crash leaves the one or the other, whole
     * and durable, and permissions and owner stay. ERR_INVALID: nothing has changed; `why` as above. */
    enum err (*replace)(const struct config_files *f, const char *path, struct bytes text,
                        struct buf *why);
};

struct config_source {
    struct config *config;            /* borrowed, as all of them; holds the defaults at first */
    const struct config_files *files; /* NULL: nothing can be included */
    bool to_the_end;                  /* goes on behind an error, so that all of them are found */
    struct buf *why;                  /* one clear line for each problem, with '\n' between */
    size_t problems;                  /* how many there are; 0 at first */
    size_t includes;                  /* files read so far; 0 at first */
};

/* All of these: ERR_INVALID when there is a problem; what was read before it holds (and, with `to_the_end`,
 * what was read behind it). */

/* A configuration file: a directive per line, words quoted as in redis.conf, '#' begins a comment line; of
 * a directive that is there twice the last one counts. `include path` reads another file at this place; a
 * path is taken from the working directory, and one with *, ? or [ stands for all that match. Problems are
 * "echolog.conf:12: unknown directive 'prot'; did you mean 'port'?". */
MUST_CHECK
enum err config_read_file(struct config_source *s, const char *path);
/* The same of a text that is no file, or was read already; `name` is for messages. */
MUST_CHECK
enum err config_read_text(struct config_source *s, const char *name, struct bytes text);

/* Variables ECHOLOG_<NAME_OF_THE_DIRECTIVE>=value, of a list that NULL ends; all others are passed over.
 * One that is no directive is a problem, unless config_variable_is_foreign. */
MUST_CHECK
enum err config_read_environment(struct config_source *s, char *const *environment);
/* Whether a variable ("NAME=value") with our prefix is none of our directives, and known to be: the names
 * of our programs, and what Docker and Kubernetes set for a service that is called echolog. */
bool config_variable_is_foreign(struct bytes name, struct bytes value);

/* `--directive value [value ...]`. Everything up to the next word that begins with "--" is value, so "-1"
 * and "-::1" are. `--include path` reads a file at this place. */
MUST_CHECK
enum err config_read_options(struct config_source *s, int argc, char *const *argv);

#endif
