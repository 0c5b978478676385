/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/publish_hold.h"

#include "base/mem.h"
#include "commands/append_hold.h"
#include "commands/errors.h"
#include "session/hold.h"

struct part {
    struct ack_wait wait;
    struct publish_hold *of;
    struct topic_partition *tp; /* borrowed; a deleted topic ends the wait before it goes */
};

/* Of several topics. */
struct publish_hold {
    struct hold hold;
    size_t left; /* parts whose topic has not said yet */
    size_t part_count;
    struct part parts[];
};

static void publish_hold_free(struct publish_hold *h)
{
    for (size_t i = 0; i < h->part_count; i++)
        ack_wait_cancel(&h->parts[i].wait);
    mem_free(h);
}

static void on_abandoned(struct hold *hold)
{
    publish_hold_free(CONTAINER_OF(hold, struct publish_hold, hold));
}

static void on_done(struct ack_wait *wait, enum err err)
{
    const struct part *part = CONTAINER_OF(wait, struct part, wait);
    struct publish_hold *h = part->of;
    struct buf error = {0};
    if (err == ERR_OK && --h->left > 0)
        return;
    if (err == ERR_OK) {
        hold_release(&h->hold);
    } else {
        error_append_failed(&error, part->tp, err);
        hold_fail(&h->hold, buf_bytes(&error));
        buf_deinit(&error);
    }
    publish_hold_free(h);
}

/* Those of level NONE are not waited for. */
static void hold_for_several(struct call *c, uint64_t from, const struct recorded *records,
                             size_t count, size_t part_count)
{
    struct publish_hold *h = mem_zalloc(1, sizeof(*h) + part_count * sizeof(h->parts[0]));
    hold_start(&h->hold, c->session, from, on_abandoned);
    h->left = part_count;
    for (size_t i = 0; i < count; i++) {
        struct part *part = &h->parts[h->part_count];
        if (records[i].ack == ACK_NONE)
            continue;
        *part = (struct part){.wait = {.done = on_done}, .of = h, .tp = records[i].tp};
        ack_wait_start(&part->wait, records[i].tp, records[i].batch, records[i].ack);
        h->part_count++;
    }
}

void publish_hold(struct call *c, uint64_t from, const struct recorded *records, size_t count)
{
    size_t parts = 0;
    c->session->produces = true;
    for (size_t i = 0; i < count; i++)
        parts += records[i].ack != ACK_NONE;
    if (parts > 1 && !session_is_mute(c->session)) {
        hold_for_several(c, from, records, count, parts);
        return;
    }
    for (size_t i = 0; i < count; i++)
        append_hold(c, from, records[i].tp, records[i].batch, records[i].ack);
}
