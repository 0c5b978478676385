/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/ranking.h"
#include <criterion/criterion.h>

static struct ranked item(uint64_t weight, const char *name)
{
    return (struct ranked){.weight = weight, .name = bytes_of_string(name)};
}

Test(ranking, the_greatest_stay_and_the_others_come_out_once)
{
    enum { COUNT = 1000, MAX = 17 };
    struct ranked items[COUNT];
    bool out[COUNT] = {false};
    struct ranking r;
    ranking_init(&r, MAX);
    for (int i = 0; i < COUNT; i++) /* 7 and 1000 have no common divisor: each weight once */
        items[i] = item((uint64_t)(i * 7 % COUNT), "x");
    for (int i = 0; i < COUNT; i++) {
        struct ranked *given = ranking_offer(&r, &items[i]);
        cr_assert((given == NULL) == (i < MAX));
        if (given != NULL) {
            cr_assert_not(out[given - items]);
            out[given - items] = true;
        }
    }
    cr_assert_eq(r.count, MAX);
    for (size_t i = 0; i < MAX; i++) {
        cr_assert_geq(r.items[i]->weight, COUNT - MAX);
        cr_assert_not(out[r.items[i] - items]);
    }
    ranking_deinit(&r);
}

Test(ranking, of_equal_weights_the_first_name_stays)
{
    struct ranked b = item(5, "b"), a = item(5, "a"), c = item(5, "c");
    struct ranking r;
    ranking_init(&r, 1);
    cr_assert_null(ranking_offer(&r, &b));
    cr_assert_eq(ranking_offer(&r, &c), &c);
    cr_assert_eq(ranking_offer(&r, &a), &b);
    ranking_deinit(&r);
}

Test(ranking, without_room_nothing_stays)
{
    struct ranked a = item(5, "a");
    struct ranking r;
    ranking_init(&r, 0);
    cr_assert_eq(ranking_offer(&r, &a), &a);
    cr_assert_eq(r.count, 0);
    ranking_deinit(&r);
}
