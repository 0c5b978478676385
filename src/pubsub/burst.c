/* SPDX-License-Identifier: BSD-3-Clause */
#include "pubsub/burst.h"
#include "base/check.h"

static void drop_frame(struct burst *b)
{
    if (b->frame != NULL)
        frame_unref(b->frame);
    b->frame = NULL;
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
        return;
    }
    drop_frame(b);
    b->frame = frame_create_empty(room);
}

struct burst_part burst_add(struct burst *b, const struct message *m, int proto)
{
    struct burst_part part;

    if (b->frame == NULL || frame_room(b->frame) < m->len)
        make_room(b, m->len);
    part = (struct burst_part){b->frame, b->frame->len};
    message_write(m, proto, frame_extend(b->frame, m->len));
    b->bytes += m->len;
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
    if (b->frame != NULL && b->frame->cap > FRAME_COPY_BYTES_MAX)
        drop_frame(b);
}

void burst_deinit(struct burst *b)
{
    drop_frame(b);
}
