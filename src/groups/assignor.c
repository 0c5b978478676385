/* SPDX-License-Identifier: BSD-3-Clause */
/* The assignors that go topic by topic, as Kafka's do. The sticky one is in assignor_sticky.c. */
#include "groups/assignor.h"

#include "base/check.h"
#include "groups/assignor_sticky.h"

/* Members take consecutive partitions, the first ones one more. */
static void range_topic(const struct assignor_topic *t, int32_t *targets)
{
    int32_t members = (int32_t)t->subscriber_count;
    int32_t each = t->partition_count / members, extra = t->partition_count % members, next = 0;

    for (int32_t i = 0; i < members; i++) {
        int32_t end = next + each + (i < extra ? 1 : 0);

        while (next < end)
            targets[next++] = t->subscribers[i];
    }
}

/* The place of the first subscriber that is `member` or comes after it; around to 0 if there is none. */
static size_t subscriber_from(const struct assignor_topic *t, int32_t member)
{
    size_t low = 0, high = t->subscriber_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (t->subscribers[middle] < member)
            low = middle + 1;
        else
            high = middle;
    }
    return low == t->subscriber_count ? 0 : low;
}

/* Members stand in a circle; whoever does not subscribe is passed over. Returns who is next. */
static int32_t round_robin_topic(const struct assignor_topic *t, int32_t next, int32_t *targets)
{
    size_t at = subscriber_from(t, next);

    for (int32_t p = 0; p < t->partition_count; p++) {
        targets[p] = t->subscribers[at];
        next = targets[p] + 1; /* past the last member: around to the first */
        at = at + 1 == t->subscriber_count ? 0 : at + 1;
    }
    return next;
}

void assignor_run(const struct assignor_input *in, int32_t *targets)
{
    int32_t next = 0;

    if (in->kind == ASSIGNOR_STICKY) {
        assignor_sticky(in, targets);
        return;
    }
    for (size_t i = 0; i < in->topic_count; i++) {
        const struct assignor_topic *t = &in->topics[i];

        if (t->subscriber_count == 0)
            for (int32_t p = 0; p < t->partition_count; p++)
                targets[p] = ASSIGNOR_NOBODY;
        else if (in->kind == ASSIGNOR_RANGE)
            range_topic(t, targets);
        else
            next = round_robin_topic(t, next, targets);
        targets += t->partition_count;
    }
}

const char *assignor_name(enum assignor kind)
{
    static const char *const names[] = {"sticky", "range", "roundrobin"};

    ASSERT((size_t)kind < COUNT_OF(names));
    return names[kind];
}
