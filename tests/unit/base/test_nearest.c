/* SPDX-License-Identifier: BSD-3-Clause */
/* Which known name is proposed for a mistyped one, and when none is. */
#include "base/nearest.h"
#include <criterion/criterion.h>

static const char *nearest(const char *typed)
{
    static const char *const names[] = {"SUBSCRIBE",    "UNSUBSCRIBE",    "PUBLISH", "PRODUCE",
                                        "MPRODUCE",     "FETCH",          "MFETCH",  "PING",
                                        "retention.ms", "retention.bytes"};
    struct nearest n;

    nearest_init(&n, bytes_of_string(typed));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        nearest_offer(&n, names[i]);
    return n.best == NULL ? "" : n.best;
}

Test(nearest, a_letter_too_many_too_few_or_wrong_is_forgiven)
{
    cr_assert_str_eq(nearest("PRODUCEE"), "PRODUCE");
    cr_assert_str_eq(nearest("PRODCE"), "PRODUCE");
    cr_assert_str_eq(nearest("PUBLISJ"), "PUBLISH");
    cr_assert_str_eq(nearest("retension.ms"), "retention.ms");
}

Test(nearest, swapped_neighbours_are_one_edit)
{
    cr_assert_str_eq(nearest("PNIG"), "PING");
    cr_assert_str_eq(nearest("FECTH"), "FETCH");
}

Test(nearest, case_does_not_count)
{
    cr_assert_str_eq(nearest("produce"), "PRODUCE");
    cr_assert_str_eq(nearest("RETENTION.BYTE"), "retention.bytes");
}

Test(nearest, the_closest_wins_and_the_first_of_equals)
{
    struct nearest n;

    cr_assert_str_eq(nearest("MFETCHH"), "MFETCH");
    nearest_init(&n, BYTES_LITERAL("abcx"));
    nearest_offer(&n, "abcd");
    nearest_offer(&n, "abce");
    cr_assert_str_eq(n.best, "abcd");
    cr_assert_eq(n.best_distance, 1);
}

Test(nearest, nothing_is_proposed_for_what_is_far_from_all)
{
    cr_assert_str_eq(nearest("XYZZY"), "");
    cr_assert_str_eq(nearest(""), "");
    cr_assert_str_eq(nearest("PO"), "");
}

Test(nearest, at_most_a_third_of_the_known_name_may_differ)
{
    struct nearest n;

    nearest_init(&n, BYTES_LITERAL("abcdxx"));
    nearest_offer(&n, "abcdef");
    cr_assert_str_eq(n.best, "abcdef");
    nearest_init(&n, BYTES_LITERAL("abcxxx"));
    nearest_offer(&n, "abcdef");
    cr_assert_null(n.best);
}

Test(nearest, very_long_names_are_left_out)
{
    char long_name[1001];
    struct nearest n;

    memset(long_name, 'a', 1000);
    long_name[1000] = '\0';
    nearest_init(&n, bytes_of_string(long_name));
    nearest_offer(&n, long_name);
    nearest_offer(&n, "PING");
    cr_assert_null(n.best);
}
