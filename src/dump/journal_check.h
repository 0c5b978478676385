/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of the sync journal (storage/journal.h): prints the rounds and what is in them, and says where one is
 * damaged. A last round that is not whole was under way: of it nothing was acknowledged. */
#ifndef ECHOLOG_DUMP_JOURNAL_CHECK_H
#define ECHOLOG_DUMP_JOURNAL_CHECK_H

#include "dump/dump.h"

/* All files below the disk's root; without any, nothing. */
void journal_check_all(struct dump *d);
/* One file. What is in journal/ is held against the name of the one behind it. */
void journal_check_file(struct dump *d, const char *path);

/* Reads what the next start will take over from it. NULL it cannot be read: journal_check_all says why, and with
 * `complain` this does. */
struct journal_replay *journal_check_load(struct dump *d, bool complain);

#endif
