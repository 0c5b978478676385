/* SPDX-License-Identifier: BSD-3-Clause */
/* Positions by partition. */
#include "cli/consume_positions.h"
#include <criterion/criterion.h>

Test(consume_positions, are_found_by_partition_in_any_order)
{
    struct consume_positions p = {0};

    consume_positions_add(&p, 1, 10);
    consume_positions_add(&p, 0, 20);
    consume_positions_add(&p, 2, 30);
    cr_expect_eq(consume_positions_find(&p, 0)->offset, 20);
    cr_expect_eq(consume_positions_find(&p, 1)->offset, 10);
    cr_expect_eq(consume_positions_find(&p, 2)->offset, 30);
    cr_expect_null(consume_positions_find(&p, 3));
    cr_expect_null(consume_positions_find(&p, -1));
    consume_positions_deinit(&p);
    cr_expect_null(consume_positions_find(&p, 0));
}
