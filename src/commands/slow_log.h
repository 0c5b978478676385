/* SPDX-License-Identifier: BSD-3-Clause */
/* The slow log: the last commands that took long, with their arguments cut to a size that is kept. It knows no
 * clock and no client. */
#ifndef ECHOLOG_COMMANDS_SLOW_LOG_H
#define ECHOLOG_COMMANDS_SLOW_LOG_H

#include "base/bytes.h"
#include "base/list.h"
#include <stdbool.h>
#include <stdint.h>

#define SLOW_LOG_ARGUMENTS_MAX 32       /* with one that says how many are missing */
#define SLOW_LOG_ARGUMENT_BYTES_MAX 128 /* and how many bytes are */
#define SLOW_LOG_REDACTED "(redacted)"

struct slow_args {
    int argc;
    struct bytes argv[]; /* owned, in one piece with it */
};

/* A trimmed copy; of the argument `i` for which `is_secret` says so, that it was one. */
struct slow_args *slow_args_create(int argc, const struct bytes *argv,
                                   bool (*is_secret)(const void *ctx, int i), const void *ctx);
void slow_args_destroy(struct slow_args *args); /* harmless with NULL */

struct slow_entry {
    struct list link; /* in the log, newest first */
    int64_t id;
    int64_t wall_s;
    int64_t took_us;
    struct slow_args *args; /* owned */
    char *address, *name;   /* owned: of the client */
};

struct slow_log {
    struct list entries; /* of struct slow_entry; owned */
    size_t count;
    int64_t next_id; /* never goes back, also not when the log is emptied */
};

void slow_log_init(struct slow_log *log);
void slow_log_deinit(struct slow_log *log);
/* Takes over `args`. At most `count_max` entries remain, the newest. */
void slow_log_add(struct slow_log *log, struct slow_args *args, int64_t wall_s, int64_t took_us,
                  const char *address, const char *name, size_t count_max);
void slow_log_clear(struct slow_log *log);

#endif
