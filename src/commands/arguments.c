/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/arguments.h"

#include "base/num.h"
#include "commands/errors.h"

#define BLOCK_MS_MAX ((int64_t)1000 * 60 * 60 * 24 * 365)

bool argument_int(struct call *c, struct bytes text, const char *what, int64_t min, int64_t max,
                  int64_t *value)
{
    int64_t number;
    if (!num_parse_i64(text, &number)) {
        reply_not_an_integer(c);
        return false;
    }
    if (number < min || number > max) {
        if (max == INT64_MAX)
            write_error(&c->w, "ERR %s must be at least %lld, and is %lld", what, (long long)min,
                        (long long)number);
        else
            write_error(&c->w, "ERR %s must be between %lld and %lld, and is %lld", what,
                        (long long)min, (long long)max, (long long)number);
        return false;
    }
    *value = number;
    return true;
}

bool argument_size(struct call *c, struct bytes text, const char *what, int64_t max, size_t *size)
{
    int64_t value;
    if (!argument_int(c, text, what, 1, max, &value))
        return false;
    *size = (size_t)value;
    return true;
}

bool argument_block(struct call *c, struct bytes text, int64_t *wait_us)
{
    int64_t ms;
    if (!argument_int(c, text, "BLOCK", 0, BLOCK_MS_MAX, &ms))
        return false;
    *wait_us = ms == 0 ? -1 : ms * 1000;
    return true;
}

bool argument_ack(struct call *c, struct bytes text, enum ack *ack)
{
    if (bytes_is(text, "synced")) {
        *ack = ACK_SYNCED;
    } else if (bytes_is(text, "written")) {
        *ack = ACK_WRITTEN;
    } else if (bytes_is(text, "none")) {
        *ack = ACK_NONE;
    } else {
        write_error(&c->w, "ERR ACK must be NONE, WRITTEN or SYNCED, and is '%.*s'", (int)text.len,
                    text.data);
        return false;
    }
    return true;
}

struct topic *argument_topic(struct call *c, struct bytes name)
{
    struct topic *t = catalog_find(c->sv->catalog, name);
    if (t == NULL)
        reply_unknown_topic(c, name);
    return t;
}

struct topic_partition *argument_partition(struct call *c, struct topic *t, struct bytes text)
{
    int64_t number;
    if (!num_parse_i64(text, &number)) {
        reply_not_an_integer(c);
        return NULL;
    }
    struct topic_partition *tp = topic_partition(t, number);
    if (tp == NULL)
        reply_unknown_partition(c, t->name, t->partition_count, text);
    return tp;
}

bool argument_position(struct bytes text, enum fetch_from *from, int64_t *value)
{
    *value = 0;
    if (bytes_is(text, "earliest")) {
        *from = FETCH_FROM_EARLIEST;
        return true;
    }
    if (bytes_is(text, "latest")) {
        *from = FETCH_FROM_LATEST;
        return true;
    }
    if (text.len > 0 && text.data[0] == '@') {
        *from = FETCH_FROM_TIME;
        return num_parse_i64(bytes_of(text.data + 1, text.len - 1), value) && *value >= 0;
    }
    *from = FETCH_FROM_OFFSET;
    return num_parse_i64(text, value) && *value >= 0;
}

void reply_bad_position(struct call *c, struct bytes text)
{
    write_error(&c->w, "ERR invalid offset '%.*s': it is a number, EARLIEST, LATEST or @ms",
                text.len < 64 ? (int)text.len : 64, text.data);
}
