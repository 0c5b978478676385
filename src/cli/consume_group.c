/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/consume_group.h"

void consume_group_request(struct connection *to, const struct consume_options *o, int64_t count,
                           int64_t block_ms)
{
    connection_begin_command(to, 13);
    connection_add_string(to, "CONSUME");
    connection_add_string(to, o->group);
    connection_add_string(to, o->member);
    connection_add_string(to, "COUNT");
    connection_add_number(to, count);
    connection_add_string(to, "BLOCK");
    connection_add_number(to, block_ms);
    connection_add_string(to, "RESET");
    connection_add_string(to, o->offset == CONSUME_FROM_EARLIEST ? "EARLIEST" : "LATEST");
    connection_add_string(to, "COMMIT");
    connection_add_string(to, "MANUAL");
    connection_add_string(to, "TOPICS");
    connection_add_string(to, o->topic);
}

bool consume_group_commit(struct connection *to, const struct consume_options *o,
                          struct consume_positions *p)
{
    size_t count = 0;

    for (size_t i = 0; i < p->count; i++)
        count += p->items[i].committed != p->items[i].offset;
    if (count == 0)
        return false;
    connection_begin_command(to, 3 + 3 * count);
    connection_add_string(to, "COMMIT");
    connection_add_string(to, o->group);
    connection_add_string(to, o->member);
    for (size_t i = 0; i < p->count; i++) {
        struct consume_position *position = &p->items[i];

        if (position->committed == position->offset)
            continue;
        connection_add_string(to, o->topic);
        connection_add_number(to, position->partition);
        connection_add_number(to, position->offset);
        position->committed = position->offset;
    }
    return true;
}

void consume_group_leave(struct connection *to, const struct consume_options *o)
{
    connection_begin_command(to, 4);
    connection_add_string(to, "GROUP");
    connection_add_string(to, "LEAVE");
    connection_add_string(to, o->group);
    connection_add_string(to, o->member);
}

bool consume_group_goes_on(struct bytes error)
{
    static const char words[] = ": it goes on at ";

    return memmem(error.data, error.len, words, sizeof(words) - 1) != NULL;
}
