/* SPDX-License-Identifier: BSD-3-Clause */
/* What the system says of this process: figures for INFO, descriptor limits, random seeds. */
#ifndef ECHOLOG_SERVER_PROCESS_H
#define ECHOLOG_SERVER_PROCESS_H

#include "commands/services.h"

void process_read_figures(struct services *sv, struct process_figures *figures);
extern const struct process_ops process_ops;

/* "jemalloc-5.3.0" or "libc"; `name` is where it may be made. */
const char *process_allocator(char *name, size_t room);

/* Raises the descriptor limit to `wanted` as far as it may; returns what it is now. */
int64_t process_raise_file_limit(int64_t wanted);

/* Fills `data` with random bytes from the kernel; false when it has none. */
bool process_random(void *data, size_t len);

#endif
