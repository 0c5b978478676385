/* SPDX-License-Identifier: BSD-3-Clause */
/* What a histogram says of values, against the values themselves. */
#include "base/histogram.h"
#include "unit/base/seed.h"

#define VALUES 20000

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Spread over all orders of magnitude that it knows. */
static void random_values(struct random *r, uint64_t *values)
{
    for (size_t i = 0; i < VALUES; i++)
        values[i] = random_next(r) >> (27 + random_below(r, 37));
    qsort(values, VALUES, sizeof(*values), by_value);
}

Test(histogram, an_empty_one_says_nothing_and_takes_little)
{
    struct histogram h = {0};
    cr_expect_eq(histogram_percentile(&h, 50), 0);
    cr_expect_eq(histogram_count_below(&h, UINT64_MAX), 0);
    cr_expect_eq(histogram_memory(&h), sizeof(h));
}

Test(histogram, counts_below_powers_of_two_are_exact)
{
    static uint64_t values[VALUES];
    struct histogram h = {0};
    struct random r;
    seed_test(&r);
    random_values(&r, values);
    uint64_t sum = 0;
    for (size_t i = 0; i < VALUES; i++) {
        histogram_add(&h, values[i]);
        sum += values[i];
    }
    cr_expect_eq(h.count, VALUES);
    cr_expect_eq(h.sum, sum);
    cr_expect_eq(h.max, values[VALUES - 1]);
    for (int bit = 0; bit < 37; bit++) {
        uint64_t below = 0;
        while (below < VALUES && values[below] < UINT64_C(1) << bit)
            below++;
        cr_expect_eq(histogram_count_below(&h, UINT64_C(1) << bit), below, "below 2^%d", bit);
    }
    cr_expect_eq(histogram_count_below(&h, UINT64_MAX), VALUES);
    cr_expect_leq(histogram_memory(&h), HISTOGRAM_BYTES_MAX);
    histogram_deinit(&h);
}

Test(histogram, a_percentile_is_right_to_one_part_in_the_steps)
{
    static uint64_t values[VALUES];
    static const double percents[] = {0, 0.1, 1, 25, 50, 75, 99, 99.9, 99.99, 100};
    struct histogram h = {0};
    struct random r;
    seed_test(&r);
    random_values(&r, values);
    for (size_t i = 0; i < VALUES; i++)
        histogram_add(&h, values[VALUES - 1 - i]);
    for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++) {
        double rank = percents[i] / 100 * VALUES;
        size_t at = rank <= 1 ? 0 : (size_t)(rank + 0.999999) - 1;
        uint64_t got = histogram_percentile(&h, percents[i]);
        cr_expect_geq(got, values[at], "p%g", percents[i]);
        cr_expect_leq(got, values[at] + values[at] / HISTOGRAM_STEPS, "p%g", percents[i]);
    }
    histogram_deinit(&h);
}

Test(histogram, the_rank_of_a_percentile_is_not_moved_by_rounding)
{
    struct histogram h = {0};
    for (uint64_t v = 1; v <= 1000; v++)
        for (int i = 0; i < 20; i++)
            histogram_add(&h, v < 1000 ? 1 : 1000000);
    /* 99.9 / 100 * 20000 comes out above 19980. */
    cr_expect_eq(histogram_percentile(&h, 99.9), 1);
    histogram_deinit(&h);
}

Test(histogram, small_values_are_exact)
{
    struct histogram h = {0};
    for (uint64_t v = 0; v < HISTOGRAM_STEPS; v++)
        histogram_add(&h, v);
    for (uint64_t v = 0; v <= HISTOGRAM_STEPS; v++)
        cr_expect_eq(histogram_count_below(&h, v), v);
    cr_expect_eq(histogram_percentile(&h, 50), HISTOGRAM_STEPS / 2 - 1);
    histogram_deinit(&h);
}

Test(histogram, values_beyond_its_range_count_and_keep_the_sum_and_the_greatest)
{
    struct histogram h = {0};
    histogram_add(&h, UINT64_MAX / 4);
    histogram_add(&h, HISTOGRAM_VALUE_MAX + 1);
    cr_expect_eq(h.count, 2);
    cr_expect_eq(h.sum, UINT64_MAX / 4 + HISTOGRAM_VALUE_MAX + 1);
    cr_expect_eq(histogram_count_below(&h, HISTOGRAM_VALUE_MAX), 0);
    cr_expect_eq(histogram_count_below(&h, UINT64_MAX), 2);
    cr_expect_eq(histogram_percentile(&h, 100), UINT64_MAX / 4);
    histogram_deinit(&h);
}

Test(histogram, the_end_of_a_step_is_the_last_value_that_counts_in_it)
{
    for (uint64_t v = 1; v < HISTOGRAM_VALUE_MAX / 3; v = v * 3 / 2 + 1) {
        struct histogram h = {0};
        uint64_t end = histogram_step_end(v);
        cr_assert_geq(end, v);
        histogram_add(&h, v);
        cr_expect_eq(histogram_count_below(&h, end), 0); /* the step is cut */
        cr_expect_eq(histogram_count_below(&h, end + 1), 1);
        cr_expect_eq(histogram_step_end(end), end);
        cr_expect_gt(histogram_step_end(end + 1), end);
        histogram_deinit(&h);
    }
}

Test(histogram, an_emptied_one_can_be_used_again)
{
    struct histogram h = {0};
    histogram_add(&h, 5);
    histogram_deinit(&h);
    cr_expect_eq(h.count, 0);
    histogram_add(&h, 7);
    cr_expect_eq(histogram_percentile(&h, 50), 7);
    histogram_deinit(&h);
}
