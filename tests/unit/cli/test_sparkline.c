/* SPDX-License-Identifier: BSD-3-Clause */
/* Bars. */
#include "cli/sparkline.h"
#include "resp.h"
#include <criterion/criterion.h>

Test(sparkline, bars_reach_from_nothing_to_the_greatest)
{
    struct sparkline s = {0};
    struct buf out = {0};

    for (int64_t i = 0; i <= 7; i++)
        sparkline_add(&s, 100 * i);
    sparkline_append(&s, &out);
    resp_expect(&out, "▁▂▃▄▅▆▇█");
}

Test(sparkline, nothing_is_flat_and_little_shows)
{
    struct sparkline s = {0};
    struct buf out = {0};

    sparkline_add(&s, 0);
    sparkline_add(&s, -1);
    sparkline_append(&s, &out);
    resp_expect(&out, "▁▁");
    sparkline_add(&s, 1);
    sparkline_add(&s, INT64_MAX);
    sparkline_append(&s, &out);
    resp_expect(&out, "▁▁▂█");
}

Test(sparkline, the_oldest_goes)
{
    struct sparkline s = {0};
    struct buf out = {0};

    sparkline_add(&s, 1000000);
    for (size_t i = 0; i < SPARKLINE_VALUES_MAX; i++)
        sparkline_add(&s, 0);
    sparkline_append(&s, &out);
    cr_expect_eq(out.len, SPARKLINE_VALUES_MAX * strlen("▁"));
    cr_expect_null(memmem(out.data, out.len, "█", 3));
    buf_deinit(&out);
}
