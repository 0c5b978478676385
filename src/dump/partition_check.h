/* SPDX-License-Identifier: BSD-3-Clause */
/* The directory of one partition: its segments, how they follow each other, and the checkpoint and the
 * marker against them. Where the next start takes over bytes from the journal, the log is looked at with them. A server
 * may be writing meanwhile: so the checkpoint is read before the segments, and once more when something seems
 * wrong that time may have put right. */
#ifndef ECHOLOG_DUMP_PARTITION_CHECK_H
#define ECHOLOG_DUMP_PARTITION_CHECK_H

#include "dump/dump.h"

struct partition_facts {
    bool owned;          /* a topic is known to have it */
    const char *id;      /* of that topic; NULL unknown */
    unsigned parts;      /* enum dump_part: what to show */
    int64_t base_offset; /* of the only segment to show; -1 all */
};

void partition_check_run(struct dump *d, const char *dir, const struct partition_facts *facts);

#endif
