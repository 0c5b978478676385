/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the consumer stands in each partition it reads. */
#ifndef ECHOLOG_CLI_CONSUME_POSITIONS_H
#define ECHOLOG_CLI_CONSUME_POSITIONS_H

#include <stddef.h>
#include <stdint.h>

struct consume_position {
    int64_t partition;
    int64_t offset;    /* the next to read */
    int64_t committed; /* what the group knows of it */
    int64_t end;       /* where to stop; -1: nowhere */
};

/* Zero-initialised is valid and empty. */
struct consume_positions {
    struct consume_position *items; /* owned; in the order they were added */
    size_t count;
};

void consume_positions_deinit(struct consume_positions *p);
/* The position in that partition, or NULL. Valid until the next one is added. */
struct consume_position *consume_positions_find(struct consume_positions *p, int64_t partition);
void consume_positions_add(struct consume_positions *p, int64_t partition, int64_t offset);

#endif
