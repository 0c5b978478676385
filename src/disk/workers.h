/* SPDX-License-Identifier: BSD-3-Clause */
/* The pool of threads behind disk jobs. Each lane has threads and a queue of its own, so that a sync
 * never waits behind compaction. One thread per lane is there from the start; the others are started
 * when a job would otherwise wait. Threads block all signals. */
#ifndef ECHOLOG_DISK_WORKERS_H
#define ECHOLOG_DISK_WORKERS_H

#include "disk/disk.h"

#define WORKERS_PER_LANE_MAX 16
#define WORKERS_STACK_BYTES (256 * 1024) /* for `run`: keep large things off the stack */

struct workers;

/* `threads_max` is per lane, 1 to WORKERS_PER_LANE_MAX. ERR_LIMIT: no thread or descriptor to be had. */
MUST_CHECK
enum err workers_create(const unsigned threads_max[DISK_LANE_COUNT], struct workers **workers);
/* Finishes all jobs, also those that their `done` submits, and ends the threads. */
void workers_destroy(struct workers *w);

/* See disk_submit; from any thread. */
void workers_submit(struct workers *w, enum disk_lane lane, struct disk_job *job);
/* See disk_reap. */
size_t workers_reap(struct workers *w);
/* See disk_wait. */
size_t workers_wait(struct workers *w);
/* Readable while finished jobs wait for workers_reap. Stays the pool's. */
int workers_fd(const struct workers *w);

#endif
