/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of a lesson: who is on the stage, what is told in between, and what was seen against what is taught.
 *
 * When the learner leaves or something breaks, the run is *over*: all that is asked for then does nothing and answers
 * at once, so that a lesson needs no way out of its own.
 *
 * Names. "$orders" in a command or a text is a topic, group or channel of this run: plain "orders" on the course's own
 * server, "lab-…-orders" on one that others use too. All that begin with the run's prefix are deleted at its end. */
#ifndef ECHOLOG_LAB_STAGE_H
#define ECHOLOG_LAB_STAGE_H

#include "base/check.h"
#include "cli/connection.h"
#include "cli/quoting.h"
#include "lab/host.h"
#include "lab/lanes.h"
#include "lab/learner.h"
#include "resp/reply.h"
#include <stdbool.h>
#include <stdint.h>

#define STAGE_DEADLINE_MS 20000 /* for whatever a broker that keeps its promises does at once */
#define STAGE_LOOK_MS 5         /* between two looks at a condition */
#define STAGE_PREFIX_BYTES 32
#define STAGE_TROUBLES_MAX 16

struct actor;

struct stage {
    struct learner *learner;         /* borrowed */
    struct host *host;               /* borrowed: the course's own server; NULL: it is another's */
    struct connection_target target; /* of the server */
    char prefix[STAGE_PREFIX_BYTES]; /* of names */
    struct lanes lanes;
    struct actor *actors[LANES_MAX + 1]; /* owned; the first is backstage: it has no lane */
    size_t actor_count;
    struct reply **replies; /* owned: all that came, since lessons hold on to them */
    size_t reply_count, reply_cap;
    char **texts; /* owned: of stage_text, and contradictions */
    size_t text_count, text_cap;
    const char *troubles[STAGE_TROUBLES_MAX]; /* what contradicted the lesson; in `texts` */
    size_t trouble_count;
    bool over;
};

/* --- for the course ------------------------------------------------------------------------------- */

/* Begins a run. `host` NULL: `target` is another's server, and names are to begin with `prefix`. */
void stage_init(struct stage *s, struct learner *learner, struct host *host,
                const struct connection_target *target, const char *prefix);
/* Deletes what has the run's prefix, if the server is another's, and releases all. */
void stage_deinit(struct stage *s);

/* --- for lessons: telling ------------------------------------------------------------------------- */

/* A paragraph across all lanes: what happens next, or what was just seen. */
void stage_say(struct stage *s, const char *format, ...) PRINTF_LIKE(2, 3);
/* A text that lives as long as the run. */
const char *stage_text(struct stage *s, const char *format, ...) PRINTF_LIKE(2, 3);

/* --- for lessons: holding what was seen against what is taught -------------------------------------- */

/* Each returns whether it held. If not, the learner is shown "The broker contradicts this lesson: <what>: expected …,
 * saw …", and the run counts as contradicted. `what` is what was looked at: "readers of a book". */
bool stage_expect_number(struct stage *s, const char *what, int64_t expected, int64_t seen);
bool stage_expect_text(struct stage *s, const char *what, const char *expected, struct bytes seen);
bool stage_expect(struct stage *s, bool held, const char *what, const char *expected,
                  const char *seen);

/* --- for lessons: the server, seen from backstage --------------------------------------------------- */

/* Asks without showing it. The reply lives as long as the run. */
const struct reply *stage_ask(struct stage *s, const char *format, ...) PRINTF_LIKE(2, 3);
/* Asks again and again until the reply is as wanted, and returns it. When it never is, that is a contradiction:
 * "expected `what` within 20 s". */
typedef bool stage_is(const struct reply *reply, const void *ctx);
const struct reply *stage_until(struct stage *s, const char *what, stage_is *is, const void *ctx,
                                const char *format, ...) PRINTF_LIKE(5, 6);
/* Kills (kill -9) the course's server or asks it to stop (SIGTERM), and starts it again on what it left. All actors
 * lose their connections. Only in lessons that need their own server. */
void stage_kill_server(struct stage *s);
void stage_stop_server(struct stage *s);
void stage_start_server(struct stage *s);

/* --- for actors ------------------------------------------------------------------------------------- */

/* The words of a command, with the run's names: the caller's (words_deinit). `line` gets what is shown of it. */
struct words stage_words(struct stage *s, const char *format, va_list args, struct buf *line)
    PRINTF_LIKE(2, 0);
/* Draws in the lane of the actor, and gives the learner time. */
void stage_draw(struct stage *s, const struct actor *a, enum lane_kind kind, struct bytes text);
/* Plays on until `done` or `deadline_ms` from now. Returns what `done` says. */
typedef bool stage_done(const void *ctx);
bool stage_wait(struct stage *s, stage_done *done, const void *ctx, int64_t deadline_ms);
/* Takes over a reply for the length of the run. */
const struct reply *stage_keep(struct stage *s, struct reply *reply);

#endif
