/* SPDX-License-Identifier: BSD-3-Clause */
/* One batch: prints it, prints and checks its records. */
#ifndef ECHOLOG_DUMP_BATCH_SHOW_H
#define ECHOLOG_DUMP_BATCH_SHOW_H

#include "dump/dump.h"
#include "dump/log_walk.h"

/* `path` is the log's. `holes`: offsets may be missing. Records are looked at when all of the batch is there
 * and --deep or --records ask for it. */
void batch_show(struct dump *d, const char *path, const struct walk_batch *b, bool holes);

#endif
