/* SPDX-License-Identifier: BSD-3-Clause */
/* All sessions of a server, and what they share. */
#ifndef ECHOLOG_SESSION_SESSIONS_H
#define ECHOLOG_SESSION_SESSIONS_H

#include "base/clock.h"
#include "base/trace.h"
#include "base/waste.h"
#include "session/client_log.h"
#include "session/client_memory.h"
#include "session/pause.h"
#include "session/session.h"

#define SESSION_READ_BYTES (64 * 1024) /* what one session is read per turn */
/* What all sessions that could go on for long may do per turn, together, so that a turn stays short for the others:
 * bytes read and answered; a command counts as so many more. The last session may go beyond it. */
#define SESSIONS_HUNGRY_COST_PER_TURN (1024 * 1024)
#define SESSIONS_HUNGRY_COST_PER_COMMAND 64
/* What all sessions that have followed records waiting are written per turn, together: thousands of sockets that
 * take some at once hold up no one else. Each write counts as so many bytes more. The last session may go beyond
 * it. */
#define SESSIONS_FOLLOWED_BYTES_PER_TURN (1024 * 1024)
#define SESSIONS_FOLLOWED_BYTES_PER_WRITE (8 * 1024)

struct sessions_stats {
    uint64_t connections; /* accepted */
    uint64_t rejected;    /* over maxclients */
    uint64_t commands;
    uint64_t bytes_in, bytes_out;
    uint64_t reads, writes; /* calls on streams */
    uint64_t protocol_errors;
    uint64_t output_limit_disconnects; /* slow receivers cut off */
    uint64_t output_limit_dropped_bytes;
    uint64_t query_limit_disconnects;
    uint64_t timeouts;
    uint64_t evicted; /* over maxmemory-clients */
    uint64_t peak_clients;
    uint64_t unseen_failures; /* failed commits whose reply was off or whose client was gone */
    uint64_t expired_blocks;
};

/* Who executes commands. */
struct sessions_owner {
    void *ctx;
    /* Executes a command, or postpones it (pause.h). */
    void (*execute)(void *ctx, struct session *s, int argc, struct bytes *argv);
    void (*opened)(void *ctx, struct session *s); /* before its first command */
    void (*closed)(void *ctx, struct session *s); /* its subscriptions are gone */
    /* Whether sessions that append records must wait because too much is to be written. */
    bool (*overloaded)(void *ctx);
    /* Appends the name of its user, and what CLIENT LIST says of it, to each; or NULL. */
    void (*describe)(void *ctx, const struct session *s, struct buf *user, struct buf *info);
    /* What was complete of the input at hand is executed; or NULL. */
    void (*input_done)(void *ctx, struct session *s);
};

struct sessions {
    struct sessions_owner owner;
    const struct config *config; /* all borrowed */
    const struct clock *clock;
    struct timers *timers;
    struct trace *trace;
    const struct users *users;
    struct pubsub *pubsub;
    struct follows *follows;
    const struct follower_ops *follower_ops;
    struct out_pool pool;
    struct out discard; /* where mute sessions write */
    char *scratch;      /* owned; SESSION_READ_BYTES, shared by all reads */
    uint64_t next_id;
    size_t count;
    size_t blocked;  /* not those whom a pause postpones */
    size_t tracking; /* said CLIENT TRACKING ON */
    struct pause pause;
    struct client_memory memory;
    struct client_log client_log;
    size_t output_limit_least; /* so much output concerns no class; SIZE_MAX: no limits */
    struct list all;           /* by id */
    struct list active;        /* least recently active first */
    struct list ready;         /* may have something to execute */
    struct list hungry;      /* have, after a whole share of the turn before: run within a budget */
    struct list paused;      /* have, and may not yet */
    struct list flush_first; /* have output, and their client has waited for it */
    struct list flush;       /* have output */
    struct list flush_followed; /* the same, with followed records in it: written within a budget */
    struct list monitors;       /* are told of every command */
    struct list over_soft;      /* over the soft output limit */
    struct waste waste;         /* input buffers that were large */
    struct list dead;
    struct dict by_id;        /* key: the id's 8 bytes */
    struct timer sweep_timer; /* runs while there may be someone to close for a time that passes */
    /* When the command before ended, or the reading of input: where the time of the next one begins. */
    int64_t mark_ns;
    struct sessions_stats stats;
    struct error_counts errors; /* that were answered */
};

struct sessions_options {
    struct sessions_owner owner;
    const struct config *config;
    const struct clock *clock;
    struct timers *timers;
    struct trace *trace;
    const struct users *users;
    struct pubsub *pubsub;
    struct follows *follows;                 /* NULL: nothing can be followed */
    const struct follower_ops *follower_ops; /* how sessions are sent what they follow */
    const struct hash_key *hash_key;
};

struct sessions *sessions_create(const struct sessions_options *options);
void sessions_destroy(struct sessions *all); /* closes what is left */

/* Takes over a new connection; over maxclients it is answered with an error and closed. */
void sessions_accept(struct sessions *all, struct stream *stream);
/* The configuration has changed. */
void sessions_configured(struct sessions *all);
/* Someone may have to be closed when time has passed. */
void sessions_sweep_soon(struct sessions *all);
struct session *sessions_find(const struct sessions *all, uint64_t id); /* NULL */

/* --- the turn ------------------------------------------------------------------------------- */

/* Reads and executes for every session that is ready, each within its budget. */
void sessions_turn(struct sessions *all);
/* Whether the next turn has something to do without waiting; `executing`: it executes commands. */
bool sessions_pending(const struct sessions *all, bool executing);
void sessions_flush(struct sessions *all);
/* Whether followed records wait for a later turn though their sockets may take them: then there is no use in
 * reading more. It ends when no more are given. */
bool sessions_are_behind_with_followed(const struct sessions *all);
/* Frees those that are closed, as many as a turn may spend on it; the others in the turns to come. */
void sessions_bury(struct sessions *all);
/* Whether no reply waits for its commit or for a socket that would take it: nothing is lost by ending
 * now. */
bool sessions_quiet(const struct sessions *all);
/* Lets sessions that were paused go on where they may. */
void sessions_resume_paused(struct sessions *all);

/* What the session holds in memory may have changed. */
static inline void client_memory_update(struct session *s)
{
    if (UNLIKELY(s->sessions->memory.limit != 0))
        client_memory_count(s);
}

#endif
