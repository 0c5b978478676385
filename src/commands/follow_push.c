/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/follow_push.h"

#include "commands/errors.h"
#include "commands/permission.h"
#include "commands/record_encoder.h"

#include "base/num.h"
#include "session/push.h"
#include <stdio.h>

/* "<topic>/<partition>@<offset>-<to>" */
#define PLACE_BYTES_MAX (TOPIC_NAME_BYTES_MAX + 1 + NUM_TEXT_BYTES_MAX * 3 + 2)
#define ERROR_TEXT_BYTES_MAX (TOPIC_NAME_BYTES_MAX + 256)

static struct session *session_of(struct follower *f)
{
    return CONTAINER_OF(f, struct session, follower);
}

/* --- records -------------------------------------------------------------------------------- */

static size_t put_place(char *place, const struct topic_partition *tp, int64_t offset)
{
    struct bytes name = tp->topic->name;
    char *to = place;
    memcpy(to, name.data, name.len);
    to += name.len;
    *to++ = '/';
    to += num_format_i64(to, tp->number);
    *to++ = '@';
    to += num_format_i64(to, offset);
    return (size_t)(to - place);
}

/* A bulk string in two pieces. */
static void write_channel(struct writer *w, struct bytes place, struct bytes key)
{
    char head[NUM_TEXT_BYTES_MAX + 3];
    size_t len = 0;
    bool keyed = !bytes_is_null(key);
    head[len++] = '$';
    len += num_format_u64(head + len, place.len + (keyed ? 1 + key.len : 0));
    out_append(w->out, head, len);
    out_append(w->out, "\r\n", 2);
    out_append(w->out, place.data, place.len);
    if (keyed) {
        out_append(w->out, " ", 1);
        out_append(w->out, key.data, key.len);
    }
    out_append(w->out, "\r\n", 2);
}

/* A message is never null, and client libraries rely on it: a tombstone is an empty one. */
static void write_pmessage(struct writer *w, struct bytes pattern, const struct topic_partition *tp,
                           const struct record_view *r)
{
    char place[PLACE_BYTES_MAX];
    size_t len = put_place(place, tp, r->offset);
    write_push(w, 4);
    write_bulk(w, BYTES_LITERAL("pmessage"));
    write_bulk(w, pattern);
    write_channel(w, bytes_of(place, len), r->key);
    write_bulk(w, bytes_is_null(r->value) ? BYTES_LITERAL("") : r->value);
}

static void encode(struct out *to, const struct follow_form *form, const struct topic_partition *tp,
                   const struct record_view *r)
{
    struct writer w = {.out = to, .proto = form->proto};
    if (!bytes_is_null(form->pattern)) {
        write_pmessage(&w, form->pattern, tp, r);
        return;
    }
    write_push(&w, 8);
    write_bulk(&w, BYTES_LITERAL("record"));
    write_bulk(&w, tp->topic->name);
    write_int(&w, tp->number);
    record_encoder_write_fields(&w, r);
}

static bool wants(struct follower *f)
{
    return push_has_room_for_followed(session_of(f));
}

static void deliver(struct follower *f, struct frame *frame)
{
    struct push p;
    if (!push_begin(&p, session_of(f)))
        return;
    out_append_frame(p.w.out, frame);
    push_end_followed(&p);
}

/* --- what else there is to say --------------------------------------------------------------- */

static void put_loss(char text[ERROR_TEXT_BYTES_MAX], const struct follow_loss *loss)
{
    const char *topic = loss->tp->topic->name.data;
    int partition = loss->tp->number;
    switch (loss->why) {
    case ERR_RANGE:
        snprintf(text, ERROR_TEXT_BYTES_MAX,
                 "OFFSETOUTOFRANGE topic '%s' partition %d: offsets %lld to %lld are gone, it "
                 "begins at %lld",
                 topic, partition, (long long)loss->from, (long long)loss->to - 1,
                 (long long)loss->to);
        break;
    case ERR_CORRUPT:
        snprintf(text, ERROR_TEXT_BYTES_MAX,
                 "CORRUPT topic '%s' partition %d: offsets %lld to %lld are damaged; the next "
                 "readable offset is %lld",
                 topic, partition, (long long)loss->from, (long long)loss->to - 1,
                 (long long)loss->to);
        break;
    case ERR_NOT_FOUND:
        snprintf(text, ERROR_TEXT_BYTES_MAX, "UNKNOWNTOPIC topic '%s' was deleted", topic);
        break;
    default:
        snprintf(text, ERROR_TEXT_BYTES_MAX, "%s topic '%s' partition %d cannot be read: %s",
                 error_code(loss->why), topic, partition, err_text(loss->why));
    }
}

static void write_loss_message(struct writer *w, struct bytes pattern,
                               const struct follow_loss *loss, const char *text)
{
    char place[PLACE_BYTES_MAX];
    size_t len = put_place(place, loss->tp, loss->from);
    place[len++] = '-';
    len += num_format_i64(place + len, loss->to);
    write_push(w, 4);
    write_bulk_string(w, "pmessage");
    write_bulk(w, pattern);
    write_bulk(w, bytes_of(place, len));
    write_bulk_string(w, text);
}

static void write_lost(struct writer *w, const struct follow_loss *loss, const char *text)
{
    write_push(w, 6);
    write_bulk_string(w, "lost");
    write_bulk(w, loss->tp->topic->name);
    write_int(w, loss->tp->number);
    write_int(w, loss->from);
    write_int(w, loss->to);
    write_bulk_string(w, text);
}

static void lost(struct follower *f, const struct follow_form *form, const struct follow_loss *loss)
{
    char text[ERROR_TEXT_BYTES_MAX];
    struct push p;
    if (!push_begin(&p, session_of(f)))
        return;
    put_loss(text, loss);
    if (bytes_is_null(form->pattern))
        write_lost(&p.w, loss, text);
    else
        write_loss_message(&p.w, form->pattern, loss, text);
    push_end_followed(&p);
}

void write_follow(struct writer *w, const struct follower *f, const struct topic_partition *tp,
                  int64_t offset)
{
    write_push(w, 5);
    write_bulk_string(w, "follow");
    write_bulk(w, tp->topic->name);
    write_int(w, tp->number);
    write_int(w, offset);
    write_int(w, (int64_t)follower_partition_count(f));
}

static void write_end(struct writer *w, const struct follower *f, const struct topic_partition *tp,
                      int64_t offset, struct bytes error)
{
    write_push(w, 6);
    write_bulk_string(w, "unfollow");
    write_bulk(w, tp->topic->name);
    write_int(w, tp->number);
    write_int(w, offset);
    write_int(w, (int64_t)follower_partition_count(f));
    write_bulk(w, error);
}

void write_unfollow(struct writer *w, const struct follower *f, const struct topic_partition *tp,
                    int64_t offset)
{
    write_end(w, f, tp, offset, BYTES_NULL);
}

static void joined(struct follower *f, const struct follow_form *form,
                   const struct topic_partition *tp, int64_t offset)
{
    struct push p;
    if (!bytes_is_null(form->pattern) || !push_begin(&p, session_of(f)))
        return;
    write_follow(&p.w, f, tp, offset);
    push_end_followed(&p);
}

static void ended(struct follower *f, const struct follow_form *form,
                  const struct follow_loss *loss)
{
    char text[ERROR_TEXT_BYTES_MAX];
    struct push p;
    if (!push_begin(&p, session_of(f)))
        return;
    put_loss(text, loss);
    if (!bytes_is_null(form->pattern)) {
        write_loss_message(&p.w, form->pattern, loss, text);
    } else {
        if (loss->from < loss->to)
            write_lost(&p.w, loss, text);
        write_end(&p.w, f, loss->tp, loss->to, bytes_of_string(text));
    }
    push_end_followed(&p);
}

static bool may_read(struct follower *f, struct bytes topic)
{
    return permission_to_follow(session_of(f)->user, topic);
}

const struct follower_ops follow_push_ops = {
    .wants = wants,
    .may_read = may_read,
    .encode = encode,
    .deliver = deliver,
    .lost = lost,
    .joined = joined,
    .ended = ended,
};
