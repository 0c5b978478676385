/* SPDX-License-Identifier: BSD-3-Clause */
/* What all parts of a run share. */
#ifndef ECHOLOG_DUMP_DUMP_H
#define ECHOLOG_DUMP_DUMP_H

#include "disk/disk.h"
#include "dump/options.h"
#include "dump/printer.h"

/* What there is to show; a directory has it all. */
enum dump_part {
    DUMP_LOG = 1,
    DUMP_INDEX = 2,
    DUMP_TIME_INDEX = 4,
    DUMP_CHECKPOINT = 8,
    DUMP_MARKER = 16,
    DUMP_ALL = 31,
};

struct dump {
    struct disk *disk;             /* borrowed, as the next two */
    const struct options *options; /* with `batches` set when a file was asked for */
    struct printer *out;
    uint64_t segments, batches, records, bytes; /* that were seen */
};

/* How far lines are indented. */
enum dump_depth { DEPTH_TOP, DEPTH_FILE, DEPTH_BATCH, DEPTH_RECORD };

#endif
