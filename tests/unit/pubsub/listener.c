/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/pubsub/listener.h"
#include "base/check.h"
#include <criterion/criterion.h>

static void hear(struct subscriber *subscriber, struct frame *frame, size_t begin)
{
    struct listener *l = CONTAINER_OF(subscriber, struct listener, subscriber);

    cr_assert(l->heard_count < HEARD_MAX);
    l->order[l->heard_count] = l->sequence == NULL ? 0 : (*l->sequence)++;
    l->parts[l->heard_count] = bytes_of(frame->data + begin, frame->len - begin);
    l->heard[l->heard_count++] = frame_ref(frame);
}

void listener_init(struct listener *l, struct pubsub *ps, int proto)
{
    *l = (struct listener){.sequence = NULL};
    subscriber_init(&l->subscriber, ps, hear);
    l->subscriber.proto = proto;
}

void listener_forget(struct listener *l)
{
    while (l->heard_count > 0)
        frame_unref(l->heard[--l->heard_count]);
}

void listener_deinit(struct listener *l)
{
    listener_forget(l);
    subscriber_deinit(&l->subscriber);
}

const char *listener_text(const struct listener *l)
{
    static char text[8192];
    size_t len = 0;

    for (size_t i = 0; i < l->heard_count; i++) {
        cr_assert(len + l->parts[i].len < sizeof(text));
        memcpy(text + len, l->parts[i].data, l->parts[i].len);
        len += l->parts[i].len;
    }
    text[len] = '\0';
    return text;
}
