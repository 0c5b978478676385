/* SPDX-License-Identifier: BSD-3-Clause */
/* What all parts of a run share. */
#ifndef ECHOLOG_DUMP_DUMP_H
#define ECHOLOG_DUMP_DUMP_H

#include "disk/disk.h"
#include "dump/options.h"
#include "dump/printer.h"
#include "storage/journal_replay.h"

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
    struct trace quiet;                         /* lent to `journal` */
    const struct journal_replay *journal;       /* borrowed; NULL it cannot be read */
    unsigned deeper;                            /* than usual are batches, by so many levels */
    uint64_t segments, batches, records, bytes; /* that were seen */
    uint64_t journal_files, journal_rounds, journal_bytes;
};

/* How far lines are indented. */
enum dump_depth { DEPTH_TOP, DEPTH_FILE, DEPTH_BATCH, DEPTH_RECORD };

#endif
