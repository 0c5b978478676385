/* SPDX-License-Identifier: BSD-3-Clause */
#include "pubsub/burst.h"
#include "base/check.h"

static void drop_frame(struct burst *b)
{
    if (b->frame != NULL)
        frame_unref(b->frame);
    b->frame = NULL;
    b->head = (struct bytes){0};
}

/* Room for as much as there has been, and for the message in any case. Small frames are all of one size: what is in
 * them is copied, so that the next message can have their place. */
static size_t room_for(const struct burst *b, size_t len)
{
    const size_t most = BURST_FRAME_BYTES_MAX - sizeof(struct frame);
    size_t room = b->bytes > b->bytes_before ? b->bytes : b->bytes_before;

    if (room > most)
        room = most;
    if (room < len)
        room = len;
    return room < FRAME_COPY_BYTES_MAX ? FRAME_COPY_BYTES_MAX : room;
}

static void make_room(struct burst *b, size_t len)
{
    size_t room = room_for(b, len);

    if (b->frame != NULL && b->frame->refs == 1 && b->frame->cap == room) {
        b->frame->len = 0;
        b->head = (struct bytes){0};
        return;
    }
    drop_frame(b);
    b->frame = frame_create_empty(room);
}

/* Writes what comes before the text, and remembers it. */
static char *add_head(struct burst *b, const struct message *m, int proto, char *to)
{
    struct bytes head = b->head;

    b->head = bytes_of(to, head.len);
    if (head.len > 0) {
        memcpy(to, head.data, head.len);
        to += head.len;
    } else {
        to = message_write_head(m, proto, to);
        b->head.len = (size_t)(to - b->head.data);
    }
    b->channel = bytes_of(to - 2 - m->channel.len, m->channel.len); /* \r\n stands behind it */
    return to;
}

struct burst_part burst_add(struct burst *b, const struct message *m, int proto)
{
    struct burst_part part;
    size_t len;
    char *to;

    if (b->head.len > 0 && !bytes_equal(b->channel, m->channel))
        b->head = (struct bytes){0};
    len = (b->head.len > 0 ? b->head.len : message_head_len(m)) + message_text_len(m->text);
    if (b->frame == NULL || frame_room(b->frame) < len)
        make_room(b, len);
    part = (struct burst_part){b->frame, b->frame->len};
    to = frame_extend(b->frame, len);
    to = message_write_text(m->text, add_head(b, m, proto, to));
    ASSERT(to == b->frame->data + b->frame->len);
    b->bytes += len;
    return part;
}

void burst_end_turn(struct burst *b)
{
    drop_frame(b);
    b->bytes_before = b->bytes;
    b->bytes = 0;
}

void burst_forget(struct burst *b)
{
    b->bytes = 0;
    b->head = (struct bytes){0};
    if (b->frame != NULL && b->frame->cap > FRAME_COPY_BYTES_MAX)
        drop_frame(b);
}

void burst_deinit(struct burst *b)
{
    drop_frame(b);
}
