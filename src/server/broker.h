/* SPDX-License-Identifier: BSD-3-Clause */
/* The broker: all state of a server, and its turn. It reaches the outside only through what it is given
 * (disk, clock, trace) and through the streams it is handed, so a whole broker runs in a test. */
#ifndef ECHOLOG_SERVER_BROKER_H
#define ECHOLOG_SERVER_BROKER_H

#include "base/check.h"
#include "commands/services.h"
#include "config/config_part.h"
#include "disk/disk.h"
#include "net/stream.h"

struct broker;

struct broker_options {
    struct config *config; /* all borrowed, outlive the broker */
    struct disk *disk;
    struct clock *clock;
    struct trace *trace;
    uint64_t seed;                           /* of everything that is left to chance */
    struct hash_key hash_key;                /* secret */
    const char *config_file;                 /* "" when there is none */
    const struct config_files *config_files; /* NULL: it cannot be written */
    int64_t log_files_max;                   /* open files of the log in all; 0: no bound */
    unsigned journal_group_min;              /* see storage.h; 0: as usual */
    void (*process_figures)(struct services *sv, struct process_figures *figures);
    bool (*secret_bytes)(void *to, size_t len); /* see services.h */
    const struct process_ops *process;          /* may be NULL */
    /* A directive changed at run time, for what lies outside the broker and cannot fail. May be NULL. */
    void (*configured)(void *ctx, const struct directive *d);
    /* Before each partition that is opened at start, with how many are. May be NULL. */
    void (*opening)(void *ctx, size_t partitions);
    void *ctx;
};

/* What is being executed. */
struct broker_command {
    const struct session *session; /* NULL: no command */
    int argc;
    const struct bytes *argv;
};

/* Opens the log in the disk's root (blocks) and traces what was found. ERR_BUSY another server uses the
 * directory; ERR_INVALID the users that are configured are not in order; otherwise as catalog_open. The reason is
 * traced. */
MUST_CHECK
enum err broker_create(const struct broker_options *options, struct broker **broker);
/* Writes and syncs what is left (blocks), closes every connection and the log; the first error. */
enum err broker_destroy(struct broker *b);

void broker_accept(struct broker *b, struct stream *stream);
void broker_set_port(struct broker *b, int port);                                /* for INFO */
void broker_set_tls_stats(struct broker *b, struct tls_handshakes_stats *stats); /* borrowed */
/* Lets what lies outside the broker take part in every CONFIG SET: what a new value needs of the machine
 * can be refused, and then nothing has changed (config/config_part.h). `part` is borrowed. */
void broker_add_config_part(struct broker *b, struct config_part *part);
/* Its parts, for those who look on: metrics, a simulation that holds promises against them. */
struct services *broker_services(struct broker *b);

/* For a report of a crash in the middle of a turn. */
const struct broker_command *broker_executing(const struct broker *b);

/* One turn: run what is ready, commit, flush replies, close the dead. The order is the promise: no
 * acknowledgement leaves before the commit it speaks of. */
void broker_tick(struct broker *b);
/* How long the driver may wait for something to happen: 0 not at all, negative for ever. */
int64_t broker_wait_us(const struct broker *b);

/* Begins an orderly end: no more commands, replies that wait for a commit still go out. */
void broker_stop(struct broker *b);
bool broker_stopping(const struct broker *b); /* it has begun, also by a command */
/* Whether that is over: the driver may leave its loop. */
bool broker_stopped(const struct broker *b);

#endif
