/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/change_reply.h"

#include "base/check.h"
#include "base/mem.h"
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/late_reply.h"

struct change {
    struct topic_change change;
    struct change_reply *reply;
    char *topic; /* owned */
};

struct change_reply {
    struct late_reply late;
    const char *doing;
    bool waited_for; /* somebody is to be answered */
    size_t used;     /* of `changes` */
    size_t pending;
    const struct change *failed; /* the first that failed */
    enum err err;
    struct change changes[];
};

struct topic *change_topic(struct call *c, struct bytes name)
{
    if (!topic_is_internal(name))
        return argument_topic(c, name);
    write_error(&c->w, "INVALIDTOPIC topic '%.*s' is internal: it can only be read", (int)name.len,
                name.data);
    return NULL;
}

struct change_reply *change_reply_create(size_t count, const char *doing)
{
    struct change_reply *r = mem_zalloc(1, sizeof(*r) + count * sizeof(r->changes[0]));
    r->doing = doing;
    return r;
}

void change_reply_destroy(struct change_reply *r)
{
    for (size_t i = 0; i < r->used; i++)
        mem_free(r->changes[i].topic);
    mem_free(r);
}

static void on_done(struct topic_change *change, enum err err)
{
    struct change *done = CONTAINER_OF(change, struct change, change);
    struct change_reply *r = done->reply;
    if (err != ERR_OK && r->failed == NULL) {
        r->failed = done;
        r->err = err;
    }
    if (--r->pending > 0)
        return;
    if (r->waited_for)
        late_reply_answer(&r->late);
    else
        change_reply_destroy(r);
}

struct topic_change *change_reply_next(struct change_reply *r, struct bytes topic)
{
    struct change *change = &r->changes[r->used++];
    change->change.done = on_done;
    change->reply = r;
    change->topic = mem_strndup(topic.data, topic.len);
    r->pending++;
    return &change->change;
}

void change_reply_drop_last(struct change_reply *r)
{
    ASSERT(r->used > 0 && r->pending > 0);
    mem_free(r->changes[--r->used].topic);
    r->pending--;
}

static void render(struct late_reply *late, struct writer *w)
{
    const struct change_reply *r = CONTAINER_OF(late, struct change_reply, late);
    if (r->failed == NULL) {
        write_ok(w);
        return;
    }
    const char *topic = r->failed->topic;
    if (r->err == ERR_NOT_FOUND)
        write_error(w, "UNKNOWNTOPIC topic '%s' was deleted", topic);
    else if (r->err == ERR_INVALID)
        write_error(
            w,
            "ERR cannot %s topic '%s': records with keys have come meanwhile, and keys would "
            "go to other partitions than before; say REMAP to accept that",
            r->doing, topic);
    else
        write_error(w, "%s cannot %s topic '%s': %s",
                    r->err == ERR_NOSPACE ? "NOSPACE" : "LOGERROR", r->doing, topic,
                    err_text(r->err));
}

/* The changes go on when their client has gone; the last one frees. */
static void release(struct late_reply *late)
{
    struct change_reply *r = CONTAINER_OF(late, struct change_reply, late);
    r->waited_for = false;
    if (r->pending == 0)
        change_reply_destroy(r);
}

void change_reply_start(struct change_reply *r, struct call *c)
{
    if (r->pending == 0) {
        write_ok(&c->w);
        change_reply_destroy(r);
        return;
    }
    r->waited_for = true;
    r->late = (struct late_reply){.render = render, .release = release};
    late_reply_start(&r->late, c, false);
}
