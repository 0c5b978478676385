/* SPDX-License-Identifier: BSD-3-Clause */
/* One client connection.
 *
 * Input is read into a buffer that all sessions share and executed from there; only what is not yet a
 * whole command is kept per session. Output gathers in a queue that is written once per turn. Replies
 * that wait for a commit are held (session/hold.h) and everything behind them waits with them. A session
 * that blocks (session/block.h) executes nothing more until it is woken.
 *
 * A session is never freed inside a command: session_close marks it, sessions_bury frees it at the end
 * of the turn. */
#ifndef ECHOLOG_SESSION_SESSION_H
#define ECHOLOG_SESSION_SESSION_H

#include "access/users.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/out.h"
#include "base/timers.h"
#include "config/config.h"
#include "groups/group.h"
#include "net/stream.h"
#include "pubsub/pubsub.h"
#include "resp/request.h"
#include "resp/writer.h"
#include "session/client_memory.h"
#include "session/tracking.h"
#include "session/transaction.h"
#include "topics/follow.h"
#include <stdbool.h>
#include <stdint.h>

struct sessions;
struct blocker;

enum session_reply_mode {
    SESSION_REPLY_ON,
    SESSION_REPLY_OFF,
    SESSION_REPLY_SKIP_NEXT, /* CLIENT REPLY SKIP was just said */
    SESSION_REPLY_SKIP,      /* the command being executed is the one skipped */
};

struct session {
    /* What a delivery looks at stands together: with thousands of subscribers it is memory that counts. */
    struct sessions *sessions; /* borrowed */
    struct blocker *blocker;   /* borrowed; NULL while not blocked */
    struct list in_flush;
    struct stream *stream;   /* owned; NULL once closed */
    bool readable, writable; /* what the edge-triggered stream said last */
    bool at_end;             /* the peer will send no more, and all is read */
    bool end_in_sight;       /* the peer will send no more */
    bool closing;            /* no more commands; closed when the output is out */
    bool dead;               /* to be buried this turn */
    struct out out;
    struct subscriber subscriber;

    uint64_t id; /* never used twice in a run */
    struct request request;
    struct buf input; /* received, not yet executed; from input_pos on */
    size_t input_pos;
    /* Output position up to which all had gone out before the first byte of what is being executed (or of
     * what is kept) was received: what the client may have known when it sent that. */
    uint64_t sent_before_input;

    struct list holds; /* of struct hold, in output order */
    uint64_t held_bytes;
    uint32_t held_replies;
    bool produces; /* appended records: it is what pauses when too much waits to be written */
    bool hungry;   /* had its share of the turn, and could go on: is in the list of such */
    bool paused;   /* too much of its work waits for the disk, or of its output for the client:
                      executes nothing until less does */
    uint64_t turn_ends_at;       /* output position at which it has had its share of the turn */
    int64_t soft_limit_since_us; /* 0 while under the soft output limit */

    struct group_client group_client;
    struct follower follower;
    uint64_t
        followed_bytes; /* of what is queued, at most: followed records and what goes with them */
    struct transaction transaction;
    struct tracking tracking;
    struct client_share share; /* of what all hold in memory */

    int proto; /* 2 or 3 */
    enum session_reply_mode reply_mode;
    struct user *user;  /* borrowed; never NULL: "default" before it has logged in */
    bool authenticated; /* or need not to be: see users_are_open */
    bool no_evict;
    bool no_touch;
    char *name;     /* owned; "" when not set */
    char *lib_name; /* owned */
    char *lib_ver;  /* owned */

    int64_t created_us;       /* monotonic */
    int64_t last_active_us;   /* monotonic */
    const char *last_command; /* full name, static; "NULL" before the first */
    int64_t ran_ns;           /* how long the command that blocks it executed before it did */
    uint64_t commands;
    uint64_t bytes_in, bytes_out;

    /* Links of the sets it is in. */
    struct list in_all, in_active, in_dead;
    struct list in_monitors;
    struct list in_over_soft; /* while over the soft output limit */
    struct list in_postponed; /* of sessions.pause */
    struct list in_ready;     /* or in the list of the hungry, or of the paused */
};

/* Where a command writes its reply: the output, or nowhere under CLIENT REPLY OFF and SKIP. */
struct writer session_writer(struct session *s);
/* Whether replies go nowhere now: the client asked for that, or is gone. */
static inline bool session_is_mute(const struct session *s)
{
    return s->dead || s->reply_mode == SESSION_REPLY_OFF || s->reply_mode == SESSION_REPLY_SKIP;
}

/* Whether it has any kind of subscription; RESP2 then allows few commands. */
bool session_is_subscriber(const struct session *s);
/* Whether it is told of every command (MONITOR). */
static inline bool session_is_monitor(const struct session *s)
{
    return !list_empty(&s->in_monitors);
}
enum config_client_class session_class(const struct session *s);

/* Closes now: what is still queued is not sent. Safe anywhere. `why` is traced at verbose level when not
 * NULL. */
void session_close(struct session *s, const char *why);
/* Executes nothing more, sends what is queued (held replies when their commit is through), closes. */
void session_close_after_replies(struct session *s);

/* What counts against the output limits: queued, without the held replies themselves and without followed
 * records, which are bounded by themselves (push.h). */
size_t session_output_bytes(const struct session *s);
/* Memory of all that it holds. */
size_t session_memory(const struct session *s);
/* Bytes received and not executed. */
size_t session_input_bytes(const struct session *s);

/* Replace the owned texts. */
void session_set_name(struct session *s, struct bytes name);
void session_set_lib(struct session *s, struct bytes lib_name,
                     struct bytes lib_ver); /* null: keep */

/* 2 or 3: also how what is pushed to it is framed from now on. */
void session_set_proto(struct session *s, int proto);

/* Logs it in as `user`, or out: it is "default" then. */
void session_log_in(struct session *s, struct user *user);
void session_log_out(struct session *s);

/* Back to a fresh connection's state, as RESET: user, protocol, subscriptions, what it follows, transaction, name, reply mode. */
void session_reset(struct session *s);
/* As CLIENT TRACKING has it, turned off. */
void session_stop_tracking(struct session *s);

/* It may have something to execute: look at it this turn or the next. */
void session_wake(struct session *s);
/* Its output has grown, or may go further: write this turn. */
void session_output_ready(struct session *s);
/* The same, and before those whose clients did not wait: what a blocked reader is woken for it gets before the
 * producer hears that it is written. */
void session_output_first(struct session *s);

/* The command being executed would append a record, and too much waits to be written already: it is executed when
 * there is room. To be called in place of executing it. */
void session_wait_for_room(struct session *s);

/* Whether too much of its work waits for the disk, or of its output for the client, for it to go on. */
bool session_must_pause(const struct session *s);

/* The parts of a turn, called by sessions_turn and sessions_flush. */
void session_run(struct session *s);   /* read and execute, within a budget */
void session_flush(struct session *s); /* write what may go */

#endif
