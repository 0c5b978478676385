/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/sparkline.h"
#include "base/check.h"

static int64_t value_at(const struct sparkline *s, size_t i)
{
    return s->values[(s->next + SPARKLINE_VALUES_MAX - s->count + i) % SPARKLINE_VALUES_MAX];
}

void sparkline_add(struct sparkline *s, int64_t value)
{
    s->values[s->next] = value < 0 ? 0 : value;
    s->next = (s->next + 1) % SPARKLINE_VALUES_MAX;
    if (s->count < SPARKLINE_VALUES_MAX)
        s->count++;
}

void sparkline_append(const struct sparkline *s, struct buf *out)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    int64_t max = 0;

    for (size_t i = 0; i < s->count; i++)
        max = value_at(s, i) > max ? value_at(s, i) : max;
    for (size_t i = 0; i < s->count; i++) {
        double part = max == 0 ? 0 : (double)value_at(s, i) / (double)max;
        size_t bar = (size_t)(part * (COUNT_OF(bars) - 1) + 0.5);

        /* What is more than nothing shows. */
        buf_append_string(out, bars[bar == 0 && value_at(s, i) > 0 ? 1 : bar]);
    }
}
