/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/histogram.h"

#include "base/check.h"
#include "base/mem.h"
#include <string.h>

/* The first octave holds the values below HISTOGRAM_STEPS, one per step; the k-th those of
 * [STEPS << (k - 1), STEPS << k), in steps of 1 << (k - 1). */
struct place {
    unsigned octave, step;
};

static struct place place_of(uint64_t value)
{
    if (value > HISTOGRAM_VALUE_MAX)
        value = HISTOGRAM_VALUE_MAX;
    if (value < HISTOGRAM_STEPS)
        return (struct place){0, (unsigned)value};
    unsigned shift = (unsigned)(63 - __builtin_clzll(value)) - HISTOGRAM_STEP_BITS;
    return (struct place){shift + 1, (unsigned)(value >> shift) - HISTOGRAM_STEPS};
}

/* The first value behind the step. */
static uint64_t end_of(struct place p)
{
    if (p.octave == 0)
        return p.step + 1;
    return (uint64_t)(HISTOGRAM_STEPS + p.step + 1) << (p.octave - 1);
}

void histogram_deinit(struct histogram *h)
{
    for (size_t i = 0; i < HISTOGRAM_OCTAVES; i++)
        mem_free(h->octaves[i]);
    *h = (struct histogram){0};
}

void histogram_add(struct histogram *h, uint64_t value)
{
    histogram_add_many(h, value, 1);
}

void histogram_add_many(struct histogram *h, uint64_t value, uint64_t times)
{
    struct place p = place_of(value);
    uint64_t *steps = h->octaves[p.octave];
    if (UNLIKELY(steps == NULL))
        steps = h->octaves[p.octave] = mem_zalloc(HISTOGRAM_STEPS, sizeof(*steps));
    steps[p.step] += times;
    h->count += times;
    h->sum += value * times;
    if (value > h->max)
        h->max = value;
}

uint64_t histogram_count_below(const struct histogram *h, uint64_t bound)
{
    if (bound > HISTOGRAM_VALUE_MAX)
        return bound > h->max ? h->count : histogram_count_below(h, HISTOGRAM_VALUE_MAX);
    struct place end = place_of(bound);
    uint64_t below = 0;
    for (unsigned o = 0; o <= end.octave; o++) {
        unsigned steps = o < end.octave ? HISTOGRAM_STEPS : end.step;
        for (unsigned s = 0; h->octaves[o] != NULL && s < steps; s++)
            below += h->octaves[o][s];
    }
    return below;
}

static uint64_t value_at(const struct histogram *h, uint64_t rank)
{
    uint64_t below = 0;
    for (unsigned o = 0; o < HISTOGRAM_OCTAVES; o++) {
        for (unsigned s = 0; h->octaves[o] != NULL && s < HISTOGRAM_STEPS; s++) {
            below += h->octaves[o][s];
            if (below >= rank)
                return end_of((struct place){o, s}) - 1;
        }
    }
    return h->max;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
    if (h->count == 0)
        return 0;
    double exact = percent / 100.0 * (double)h->count;
    uint64_t rank = exact <= 1 ? 1 : (uint64_t)exact;
    rank += exact - (double)rank > exact * 1e-12; /* more than what rounding adds */
    if (rank >= h->count)
        return h->max;
    uint64_t value = value_at(h, rank);
    return value < h->max ? value : h->max;
}

uint64_t histogram_step_end(uint64_t value)
{
    return end_of(place_of(value)) - 1;
}

size_t histogram_memory(const struct histogram *h)
{
    size_t bytes = sizeof(*h);
    for (size_t i = 0; i < HISTOGRAM_OCTAVES; i++)
        bytes += h->octaves[i] != NULL ? HISTOGRAM_STEPS * sizeof(uint64_t) : 0;
    return bytes;
}
