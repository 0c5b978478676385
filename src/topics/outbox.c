/* SPDX-License-Identifier: BSD-3-Clause */
/* Each message counts what holds it up: records that are not written yet, and, once its turn has ended
 * without it (it is late then), the message before it on its channel and the one before it of its
 * publisher. The tables know the last late message of each, so a message costs the same however many wait;
 * while none is late they are empty and not asked. */
#include "topics/outbox.h"

#include "base/mem.h"

struct message;

struct record_wait {
    struct ack_wait wait;
    struct message *message;
};

struct message {
    struct list link; /* in fresh, late or ready */
    struct outbox *outbox;
    struct outbox_message m; /* the bytes stand behind `waits` */
    size_t bytes;            /* of all of it */
    size_t held_up_by;       /* records and messages that it waits for */
    bool late;
    enum err err;              /* of the first record that could not be written */
    struct message *behind[2]; /* who waits for this one: on its channel, of its publisher */
    size_t wait_count;
    struct record_wait waits[];
};

enum lane { LANE_CHANNEL, LANE_PUBLISHER, LANE_COUNT };
static_assert(LANE_COUNT == COUNT_OF(((struct message *)0)->behind), "one place in each");

struct outbox {
    struct pubsub *ps;
    struct list fresh;            /* of this turn, in the order of publishing */
    struct list late;             /* held up beyond it */
    struct list ready;            /* were late and no longer are */
    struct dict last[LANE_COUNT]; /* the last late message of a channel, of a publisher */
    size_t bytes;
    uint64_t dropped;
};

struct outbox *outbox_create(struct pubsub *ps, const struct hash_key *key)
{
    struct outbox *o = mem_zalloc(1, sizeof(*o));

    o->ps = ps;
    list_init(&o->fresh);
    list_init(&o->late);
    list_init(&o->ready);
    for (size_t i = 0; i < LANE_COUNT; i++)
        dict_init(&o->last[i], key);
    return o;
}

static void message_free(struct message *m)
{
    for (size_t i = 0; i < m->wait_count; i++)
        ack_wait_cancel(&m->waits[i].wait);
    list_remove(&m->link);
    m->outbox->bytes -= m->bytes;
    mem_free(m);
}

static void free_all(struct list *messages)
{
    while (!list_empty(messages))
        message_free(CONTAINER_OF(messages->next, struct message, link));
}

void outbox_destroy(struct outbox *o)
{
    free_all(&o->fresh);
    free_all(&o->late);
    free_all(&o->ready);
    for (size_t i = 0; i < LANE_COUNT; i++)
        dict_deinit(&o->last[i]);
    mem_free(o);
}

bool outbox_idle(const struct outbox *o)
{
    return o->bytes == 0;
}

bool outbox_pending(const struct outbox *o)
{
    return !list_empty(&o->ready) || !list_empty(&o->fresh);
}

size_t outbox_bytes(const struct outbox *o)
{
    return o->bytes;
}

uint64_t outbox_dropped_count(const struct outbox *o)
{
    return o->dropped;
}

/* --- who waits for whom ----------------------------------------------------------------------- */

static struct bytes lane_name(const struct outbox_message *m, enum lane lane)
{
    return lane == LANE_CHANNEL ? m->channel : bytes_of(&m->publisher, sizeof(m->publisher));
}

static bool would_overtake_late(const struct outbox *o, const struct outbox_message *m)
{
    for (enum lane lane = 0; lane < LANE_COUNT; lane++)
        if (dict_count(&o->last[lane]) > 0 && dict_find(&o->last[lane], lane_name(m, lane)) != NULL)
            return true;
    return false;
}

bool outbox_must_wait(const struct outbox *o, const struct outbox_message *m)
{
    return !list_empty(&o->fresh) || would_overtake_late(o, m);
}

static void line_up(struct message *m)
{
    struct outbox *o = m->outbox;

    m->late = true;
    list_push_back(&o->late, &m->link);
    for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
        struct message *before = dict_remove(&o->last[lane], lane_name(&m->m, lane));

        if (before != NULL) {
            before->behind[lane] = m;
            m->held_up_by++;
        }
        dict_add(&o->last[lane], lane_name(&m->m, lane), m);
    }
    ASSERT(m->held_up_by > 0);
}

static void less_held_up(struct message *m)
{
    ASSERT(m->held_up_by > 0);
    m->held_up_by--;
    if (m->held_up_by > 0 || !m->late)
        return;
    list_remove(&m->link);
    list_push_back(&m->outbox->ready, &m->link);
}

static void leave_lanes(struct message *m)
{
    for (enum lane lane = 0; lane < LANE_COUNT; lane++) {
        if (m->behind[lane] != NULL)
            less_held_up(m->behind[lane]);
        else
            dict_remove(&m->outbox->last[lane], lane_name(&m->m, lane));
    }
}

/* --- the way of a message ---------------------------------------------------------------------- */

static void on_record(struct ack_wait *wait, enum err err)
{
    struct message *m = CONTAINER_OF(wait, struct record_wait, wait)->message;

    if (m->err == ERR_OK)
        m->err = err;
    less_held_up(m);
}

static struct bytes copy(char **to, struct bytes from)
{
    char *start = *to;

    if (from.len > 0)
        memcpy(start, from.data, from.len);
    *to += from.len;
    return bytes_of(start, from.len);
}

void outbox_add(struct outbox *o, const struct outbox_message *from, const struct recorded *records,
                size_t count)
{
    size_t head = sizeof(struct message) + count * sizeof(struct record_wait);
    size_t bytes = head + from->channel.len + from->text.len;
    struct message *m = mem_alloc(bytes);
    char *to = (char *)m + head;

    *m = (struct message){.outbox = o, .m = *from, .bytes = bytes, .wait_count = count};
    m->m.channel = copy(&to, from->channel);
    m->m.text = copy(&to, from->text);
    list_push_back(&o->fresh, &m->link);
    o->bytes += bytes;
    m->held_up_by = count;
    for (size_t i = 0; i < count; i++) {
        m->waits[i] = (struct record_wait){.wait = {.done = on_record}, .message = m};
        ack_wait_start(&m->waits[i].wait, records[i].tp, records[i].batch, ACK_WRITTEN);
    }
}

/* Out it goes, or, when a record of it could not be written, nowhere. */
static void finish(struct message *m)
{
    struct outbox *o = m->outbox;

    ASSERT(m->held_up_by == 0);
    if (m->err == ERR_OK)
        pubsub_publish(o->ps, m->m.kind, m->m.channel, m->m.text);
    else
        o->dropped++;
    if (m->late)
        leave_lanes(m);
    message_free(m);
}

static struct message *first(const struct list *messages)
{
    return CONTAINER_OF(messages->next, struct message, link);
}

void outbox_turn(struct outbox *o)
{
    while (!list_empty(&o->ready))
        finish(first(&o->ready));
    while (!list_empty(&o->fresh)) {
        struct message *m = first(&o->fresh);

        list_remove(&m->link);
        if (m->held_up_by > 0 || would_overtake_late(o, &m->m))
            line_up(m);
        else
            finish(m);
    }
}
