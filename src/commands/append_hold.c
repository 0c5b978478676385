/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/append_hold.h"

#include "base/check.h"
#include "base/mem.h"
#include "commands/errors.h"
#include "session/hold.h"

struct append_hold {
    struct hold hold;
    struct ack_wait wait;
    struct append_holds *owner; /* borrowed */
    struct services *sv;        /* borrowed */
    struct topic_partition *tp; /* borrowed; a deleted topic ends the wait before it goes */
    enum ack ack;
    uint32_t unseen; /* replies that nobody would see */
    struct append_hold *next_free;
};

struct append_holds {
    struct append_hold *free;   /* owned, singly linked */
    struct append_hold *unseen; /* the latest one without a reply to hold; NULL */
    size_t under_way;
};

struct append_holds *append_holds_create(void)
{
    return mem_zalloc(1, sizeof(struct append_holds));
}

void append_holds_destroy(struct append_holds *holds)
{
    while (holds->free != NULL) {
        struct append_hold *h = holds->free;
        holds->free = h->next_free;
        mem_free(h);
    }
    mem_free(holds);
}

static void recycle(struct append_hold *h)
{
    struct append_holds *holds = h->owner;
    if (holds->unseen == h)
        holds->unseen = NULL;
    h->next_free = holds->free;
    holds->free = h;
    holds->under_way--;
}

/* The client is gone: nobody waits for the answer any more. */
static void on_abandoned(struct hold *hold)
{
    struct append_hold *h = CONTAINER_OF(hold, struct append_hold, hold);
    ack_wait_cancel(&h->wait);
    recycle(h);
}

static void on_done(struct ack_wait *wait, enum err err)
{
    struct append_hold *h = CONTAINER_OF(wait, struct append_hold, wait);
    if (h->unseen > 0) {
        if (err != ERR_OK)
            h->sv->sessions->stats.unseen_failures += h->unseen;
    } else if (err == ERR_OK) {
        hold_release(&h->hold);
    } else {
        struct buf error = {0};
        error_append_failed(&error, h->tp, err);
        hold_fail(&h->hold, buf_bytes(&error));
        buf_deinit(&error);
    }
    recycle(h);
}

static bool same_fate(const struct append_hold *h, const struct topic_partition *tp, uint64_t batch,
                      enum ack ack)
{
    return h->tp == tp && h->wait.batch == batch && h->ack == ack;
}

/* The last hold of the session if it is one of ours, and ends where the new reply begins. */
static struct append_hold *last_of(struct session *s, uint64_t from)
{
    if (list_empty(&s->holds))
        return NULL;
    struct hold *hold = CONTAINER_OF(s->holds.prev, struct hold, link);
    if (hold->abandoned != on_abandoned || !hold_is_last(hold, from))
        return NULL;
    return CONTAINER_OF(hold, struct append_hold, hold);
}

static struct append_hold *take(struct call *c, struct topic_partition *tp, enum ack ack)
{
    struct append_holds *holds = c->sv->holds;
    struct append_hold *h = holds->free;
    if (h != NULL)
        holds->free = h->next_free;
    else
        h = mem_alloc(sizeof(*h));
    *h = (struct append_hold){.owner = holds, .sv = c->sv, .tp = tp, .ack = ack};
    h->wait.done = on_done;
    holds->under_way++;
    return h;
}

/* Nothing to hold back: only a failure is to be counted. */
static void watch_unseen(struct call *c, struct topic_partition *tp, uint64_t batch, enum ack ack)
{
    struct append_holds *holds = c->sv->holds;
    if (holds->unseen != NULL && same_fate(holds->unseen, tp, batch, ack)) {
        holds->unseen->unseen++;
        return;
    }
    struct append_hold *h = take(c, tp, ack);
    h->unseen = 1;
    holds->unseen = h;
    ack_wait_start(&h->wait, tp, batch, ack);
}

void append_hold(struct call *c, uint64_t from, struct topic_partition *tp, uint64_t batch,
                 enum ack ack)
{
    c->session->produces = true;
    if (ack == ACK_NONE)
        return;
    if (session_is_mute(c->session)) {
        watch_unseen(c, tp, batch, ack);
        return;
    }
    struct append_hold *last = last_of(c->session, from);
    if (last != NULL && same_fate(last, tp, batch, ack)) {
        hold_extend(&last->hold);
        return;
    }
    struct append_hold *h = take(c, tp, ack);
    hold_start(&h->hold, c->session, from, on_abandoned);
    ack_wait_start(&h->wait, tp, batch, ack);
}
