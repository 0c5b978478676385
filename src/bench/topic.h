/* SPDX-License-Identifier: BSD-3-Clause */
/* Topics and streams of our own: made and filled before a measurement, removed behind it. With the option --topic
 * there are none: what is there is used, and left as it is. */
#ifndef ECHOLOG_BENCH_TOPIC_H
#define ECHOLOG_BENCH_TOPIC_H

#include "base/check.h"
#include "bench/run.h"
#include <stdbool.h>
#include <stdint.h>

#define TOPIC_NAME_BYTES 280

/* What we call the number `n` of `count`, or how --topic has it. With n < 0 the word for a request, in which the
 * name rotates with {i/per_topic}. */
void topic_name(const struct options *o, int64_t n, int64_t count, int64_t per_topic,
                char name[TOPIC_NAME_BYTES]);

/* `count` empty topics with so many partitions; what an earlier run has left behind goes first. */
MUST_CHECK
bool topic_make(struct run *run, int64_t count, int64_t partitions);
/* The options' records into the one topic, by turns to its partitions. */
MUST_CHECK
bool topic_fill(struct run *run, int64_t partitions);
MUST_CHECK
bool topic_remove(struct run *run, int64_t count);

/* The same for streams of Redis. The ids of the records are 1-0, 1-1, ... and there is one more than the options say,
 * since XREAD begins behind an id. */
MUST_CHECK
bool stream_make(struct run *run, int64_t count);
MUST_CHECK
bool stream_fill(struct run *run);
MUST_CHECK
bool stream_remove(struct run *run, int64_t count);

#endif
