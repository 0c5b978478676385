/* SPDX-License-Identifier: BSD-3-Clause */
/* CONSUME: joins or heartbeats, commits (AUTO), gives up and takes partitions, and reads on. Embedded by the
 * command.
 *
 * Life: consume_start; when its answer is there (at once, or with `done`) the caller writes the parts, tells
 * with consume_handed how far each went, then consume_answered; and consume_end in any case.
 *
 * It reads in rounds: first what there is in partitions that seem to have something, as many as COUNT can
 * serve; if they gave nothing, in all of them; and waits, if it may, at all its partitions. The partition that
 * was served last comes last the next time, so a hot one starves none. */
#ifndef ECHOLOG_GROUPS_CONSUME_H
#define ECHOLOG_GROUPS_CONSUME_H

#include "groups/groups.h"
#include "topics/fetch.h"

struct consume_options {
    size_t count_max, bytes_max;
    int64_t wait_us; /* as struct fetch */
    enum reset reset;
    enum commit_mode commit_mode;
    bool assignor_given;
    enum assignor
        assignor; /* when given: must be the group's, or it makes the group's while that is empty */
    int64_t session_ms;
    bool notify;
    bool frozen; /* inside EXEC */
    bool mute;   /* no reply will be seen: a heartbeat that hands out nothing */
};

/* What there is to answer of one partition: records, or what befell it. */
struct consume_part {
    struct group_partition *gp;
    struct fetch_part *fetched; /* its error or batches. ERR_RANGE: `lost_from` says the rest */
    int64_t lost_from, lost_to; /* with ERR_RANGE: records that are gone … */
    int64_t goes_on_at; /* … and where RESET makes it go on; -1: it does not, until RESET says */
};

struct consume {
    /* In: borrowed for consume_start, but for `client`. */
    struct groups *groups;
    struct bytes group, member;
    const struct bytes *topics; /* names that can be: see topic_check_name */
    size_t topic_count;
    struct consume_options options;
    struct group_client *client;
    uint64_t
        sent; /* output position of the connection up to which all had gone out when the command was read */
    void (*done)(struct consume *c);

    /* Out. */
    enum err err;   /* ERR_OK, or the whole answer is an error: ERR_FENCED, ERR_NOT_MEMBER, … */
    struct buf why; /* its sentence */
    struct consume_part *parts; /* those that have something; owned */
    size_t part_count;

    /* Private. */
    struct member *m; /* NULL once it is answered, or none any more */
    struct fetch fetch;
    struct fetch_part *fetch_parts; /* owned */
    struct group_partition **reads; /* owned: of each fetch part */
    size_t read_count;
    bool cut;           /* COUNT was reached: there may be more that has something */
    struct timer timer; /* of one that owns nothing to read */
    int64_t deadline_us;
    bool time_up;
    bool told;      /* the answer is there */
    bool gave_some; /* records are in the answer */
};

/* ERR_OK: the answer is there (which may be an error in c->err); ERR_AGAIN: `done` will be called. */
MUST_CHECK
enum err consume_start(struct consume *c); /* all but what is "In" is zero */
/* The part was written into the reply: its error, or its records up to (not with) `next`. A part that is not told
 * of was not handed out. */
void consume_handed(struct consume *c, struct consume_part *part, int64_t next);
/* The reply stands in `out` up to its end: nothing of it is committed before that went out. */
void consume_answered(struct consume *c, struct out *out);
/* Ends the wait as if its time were up; `done` follows, maybe later. */
void consume_time_up(struct consume *c);
/* It gets no answer (more), though the connection is there: the member stays. consume_end follows. */
void consume_give_up(struct consume *c);
/* Releases everything. Before `done`, the connection is gone: the member leaves. */
void consume_end(struct consume *c);

/* For member_stir: a parked CONSUME looks at what its member owns now and reads on, or waits on. */
void consume_stir(struct consume *c);
/* It ends with an error: fenced, kicked. `what` goes on after the member's name. `done` is called. */
void consume_fail(struct consume *c, enum err err, const char *what);

#endif
