/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/transaction.h"

#include <criterion/criterion.h>

Test(transaction, keeps_copies_of_the_arguments_in_order)
{
    struct transaction t = {.open = true};
    char first[] = "set", second[] = "";
    struct bytes argv[] = {bytes_of(first, 3), bytes_of(second, 0)};
    transaction_queue(&t, NULL, 2, argv);
    first[0] = 'x';
    transaction_queue(&t, NULL, 1, argv);
    cr_assert_eq(t.count, 2);
    cr_expect(bytes_equal(t.items[0].argv[0], BYTES_LITERAL("set")));
    cr_expect_eq(t.items[0].argv[1].len, 0);
    cr_expect_not(bytes_is_null(t.items[0].argv[1]), "an empty argument is not a null one");
    cr_expect(bytes_equal(t.items[1].argv[0], BYTES_LITERAL("xet")));
    cr_expect_eq(t.bytes, 6 + 3 * sizeof(struct bytes));
    transaction_clear(&t);
    cr_expect_eq(t.count, 0);
    cr_expect_not(t.open);
}
