/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/waste.h"

#include <criterion/criterion.h>

static void fill(struct buf *b, size_t len)
{
    buf_reserve_exactly(b, len);
    b->len = len;
}

Test(waste, a_large_buffer_goes_a_piece_per_turn)
{
    struct waste w;
    struct buf b = {0};
    waste_init(&w);
    fill(&b, 3 * WASTE_BYTES_PER_TURN + 1);
    waste_take(&w, &b);
    cr_expect_eq(b.cap, 0);
    int turns = 0;
    for (; !waste_is_empty(&w); turns++)
        waste_turn(&w);
    cr_expect_eq(turns, 4);
    waste_turn(&w);
    waste_deinit(&w);
}

Test(waste, a_small_one_goes_at_once)
{
    struct waste w;
    struct buf b = {0};
    waste_init(&w);
    fill(&b, WASTE_BYTES_PER_TURN);
    waste_take(&w, &b);
    cr_expect(waste_is_empty(&w));
    cr_expect_null(b.data);
    waste_take(&w, &b); /* and one that holds nothing */
    cr_expect(waste_is_empty(&w));
}

Test(waste, several_wait_for_each_other_and_the_rest_goes_at_the_end)
{
    struct waste w;
    waste_init(&w);
    for (int i = 0; i < 3; i++) {
        struct buf b = {0};
        fill(&b, 2 * WASTE_BYTES_PER_TURN);
        waste_take(&w, &b);
    }
    waste_turn(&w);
    waste_turn(&w);
    cr_expect_not(waste_is_empty(&w));
    waste_deinit(&w); /* the leak checker sees whether that was all */
    cr_expect(waste_is_empty(&w));
}
