/* SPDX-License-Identifier: BSD-3-Clause */
/* A log-linear histogram of durations: within each power of two the values are counted in equal steps, so that
 * every value is known to 1 part in 128 and none needs a range to be chosen beforehand. The idea is that of
 * HdrHistogram (Gil Tene, http://hdrhistogram.org).
 *
 * Zero-initialised is valid and empty. The counters of a power of two are allocated when it is first met; all of
 * them take HISTOGRAM_BYTES_MAX. */
#ifndef ECHOLOG_BASE_HISTOGRAM_H
#define ECHOLOG_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_STEP_BITS 7
#define HISTOGRAM_STEPS (1 << HISTOGRAM_STEP_BITS) /* in each power of two */
#define HISTOGRAM_OCTAVES 31
#define HISTOGRAM_BYTES_MAX \
    (sizeof(struct histogram) + HISTOGRAM_OCTAVES * HISTOGRAM_STEPS * sizeof(uint64_t))
/* Greater values count as this one, 137 s in nanoseconds. */
#define HISTOGRAM_VALUE_MAX ((UINT64_C(1) << (HISTOGRAM_STEP_BITS + HISTOGRAM_OCTAVES - 1)) - 1)

struct histogram {
    uint64_t count;
    uint64_t sum; /* of the values as they were given */
    uint64_t max; /* the greatest one */

    /* Private. */
    uint64_t
        *octaves[HISTOGRAM_OCTAVES]; /* owned; HISTOGRAM_STEPS counters each, NULL until needed */
};

void histogram_deinit(struct histogram *h); /* frees; it is then empty and usable again */
void histogram_add(struct histogram *h, uint64_t value);
void histogram_add_many(struct histogram *h, uint64_t value, uint64_t times);

/* How many values were below `bound`. Exact when it is a power of two or below HISTOGRAM_STEPS; a step that
 * `bound` cuts is left out. */
uint64_t histogram_count_below(const struct histogram *h, uint64_t bound);
/* The value below or at which `percent` of all are (the greatest one in its step, but none above `max`); 0 when
 * empty. */
uint64_t histogram_percentile(const struct histogram *h, double percent);
/* The greatest value in the step that `value` falls into. */
uint64_t histogram_step_end(uint64_t value);

size_t histogram_memory(const struct histogram *h);

#endif
