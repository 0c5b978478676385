/* SPDX-License-Identifier: BSD-3-Clause */
/* A command, the table of them, and a call of one. */
#ifndef ECHOLOG_COMMANDS_COMMAND_H
#define ECHOLOG_COMMANDS_COMMAND_H

#include "base/histogram.h"
#include "commands/command_keys.h"
#include "commands/services.h"
#include "resp/writer.h"
#include "session/session.h"

struct call {
    struct services *sv;
    struct session *session;
    const struct command *command;
    int argc;
    struct bytes *argv; /* borrowed for the call */
    struct writer w;    /* where the reply goes */
    bool
        heavy; /* set by a command that did much more than it does usually: its time is taken at once */
};

enum command_flags {
    CMD_WRITE = 1 << 0,
    CMD_READONLY = 1 << 1,
    CMD_FAST = 1 << 2,
    CMD_BLOCKING = 1 << 3,
    CMD_PUBSUB = 1 << 4,
    CMD_ADMIN = 1 << 5,
    CMD_NO_AUTH = 1 << 6,       /* allowed before AUTH */
    CMD_NO_MULTI = 1 << 7,      /* not inside MULTI */
    CMD_IN_SUBSCRIBED = 1 << 8, /* allowed while a RESP2 connection has subscriptions */
    CMD_LOADING = 1 << 9,
    CMD_STALE = 1 << 10,
    CMD_NOSCRIPT = 1 << 11,
    CMD_SKIP_SLOWLOG = 1 << 20, /* what it runs is logged by itself */
    CMD_NOT_QUEUED = 1 << 12, /* executed at once inside MULTI: EXEC, DISCARD, MULTI, QUIT, RESET */
    CMD_MOVABLE_KEYS = 1 << 13,  /* keys stand where first_key and last_key do not say */
    CMD_MAY_REPLICATE = 1 << 14, /* reaches others though it writes nothing: PAUSE WRITE stops it */
};

/* Redis's, all of them, so that rules written for it are understood; then our own. */
enum command_category {
    CAT_KEYSPACE = 1 << 0,
    CAT_READ = 1 << 1,
    CAT_WRITE = 1 << 2,
    CAT_SET = 1 << 3,
    CAT_SORTEDSET = 1 << 4,
    CAT_LIST = 1 << 5,
    CAT_HASH = 1 << 6,
    CAT_STRING = 1 << 7,
    CAT_BITMAP = 1 << 8,
    CAT_HYPERLOGLOG = 1 << 9,
    CAT_GEO = 1 << 10,
    CAT_STREAM = 1 << 11,
    CAT_PUBSUB = 1 << 12,
    CAT_ADMIN = 1 << 13,
    CAT_FAST = 1 << 14,
    CAT_SLOW = 1 << 15,
    CAT_BLOCKING = 1 << 16,
    CAT_DANGEROUS = 1 << 17,
    CAT_CONNECTION = 1 << 18,
    CAT_TRANSACTION = 1 << 19,
    CAT_SCRIPTING = 1 << 20,
    CAT_ECHO = 1 << 21,
    CAT_LOG = 1 << 22,
    CAT_GROUP = 1 << 23,
    CAT_TOPIC = 1 << 24,
};

struct command {
    const char *name;             /* as listed: "produce", "client|list" */
    const char *word;             /* what is typed at its level: "produce", "list" */
    const struct command *parent; /* NULL for a whole command */
    bool has_subcommands;
    void (*run)(struct call *c); /* NULL: it needs a sub-command */
    int arity;                   /* words including the command's own; negative: at least so many */
    unsigned flags;
    unsigned categories;
    const char *keys; /* what it names, in the notation of command_keys.h */
    struct key_spec key_specs[KEY_SPECS_MAX];
    int key_spec_count;
    int first_key, last_key, key_step; /* the same as one range; 0 when there is none */
    const char *syntax;                /* arguments as documented: "topic value [KEY key] …" */
    const char *summary;
    const char *since;
    const char *group; /* "connection", "pubsub", "topic", "log", "server", "transactions" */
    size_t index;      /* in the table */
};

struct command_stats {
    uint64_t calls;
    uint64_t rejected; /* before they ran */
    uint64_t failed;   /* answered with an error */
    /* Time spent in it, without the time in which it waited. */
    uint64_t ran_ns;
    bool is_short; /* the last one was; see timing.h */
    struct histogram
        *latency; /* the same of each call, in nanoseconds; owned; NULL until one was timed */
};

/* The table is made once from commands.def. */
struct command_table *command_table_create(void);
void command_table_destroy(struct command_table *t);
size_t command_table_count(const struct command_table *t); /* sub-commands included */
const struct command *command_at(const struct command_table *t, size_t index);
struct command_stats *command_stats(struct command_table *t, const struct command *c);
void command_stats_reset(struct command_table *t); /* all of them */
/* The command for `argv`, following a sub-command where there is one; NULL when unknown. When only
 * the sub-command is unknown, *container (may be NULL) is the command it was looked for in. */
const struct command *command_find(const struct command_table *t, int argc,
                                   const struct bytes *argv, const struct command **container);
/* By full name ("client|list"), without regard to case; NULL. */
const struct command *command_by_name(const struct command_table *t, struct bytes name);

/* The words for a set of flags (categories), for COMMAND INFO: calls `fn` per word ("write"; "@read"). */
void command_each_flag(const struct command *c, void (*fn)(void *ctx, const char *word), void *ctx);
void command_each_category(const struct command *c, void (*fn)(void *ctx, const char *word),
                           void *ctx);
/* The category of a word without '@', or 0. */
unsigned command_category(struct bytes word);
/* The word of bit `i`, with '@'; NULL behind the last. */
const char *command_category_word(size_t i);

/* Runs a command whose arguments were checked: counts and times it and lets it answer. EXEC uses it too. */
void command_run(struct services *sv, struct session *s, const struct command *command, int argc,
                 struct bytes *argv);

/* Executes one request of a session: finds the command, checks arity, authentication and state, queues it
 * inside MULTI, or runs it. */
void command_dispatch(struct services *sv, struct session *s, int argc, struct bytes *argv);

#endif
