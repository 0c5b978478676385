/* SPDX-License-Identifier: BSD-3-Clause */
/* The generator against published values, and its use for a bound. */
#include "base/random.h"
#include <criterion/criterion.h>
#include <signal.h>

/* The values of the authors' reference for the state 1, 2, 3, 4. */
Test(random, first_values_are_those_of_xoshiro256_starstar)
{
    struct random r = {{1, 2, 3, 4}};

    cr_assert_eq(random_next(&r), 11520);
    cr_assert_eq(random_next(&r), 0);
    cr_assert_eq(random_next(&r), 1509978240);
    cr_assert_eq(random_next(&r), 1215971899390074240U);
}

Test(random, one_seed_gives_one_sequence)
{
    struct random a, b, c;
    int same = 0;

    random_seed(&a, 7);
    random_seed(&b, 7);
    random_seed(&c, 8);
    for (int i = 0; i < 100; i++) {
        uint64_t value = random_next(&a);

        cr_assert_eq(value, random_next(&b));
        same += value == random_next(&c);
    }
    cr_assert_eq(same, 0);
}

Test(random, a_seed_of_zero_is_as_good_as_any)
{
    struct random r;

    random_seed(&r, 0);
    cr_assert(r.state[0] != 0 && r.state[1] != 0);
    cr_assert_eq(r.state[0], 0xe220a8397b1dcdafU); /* splitmix64's first value from 0 */
}

Test(random, below_stays_below_and_reaches_every_value)
{
    struct random r;
    int seen[10] = {0};

    random_seed(&r, 1);
    for (int i = 0; i < 10000; i++)
        seen[random_below(&r, 10)]++;
    for (int i = 0; i < 10; i++)
        cr_assert(seen[i] > 800 && seen[i] < 1200, "%d came %d times", i, seen[i]);
    cr_assert_eq(random_below(&r, 1), 0);
    for (int i = 0; i < 1000; i++)
        cr_assert_lt(random_below(&r, UINT64_MAX / 3 * 2), UINT64_MAX / 3 * 2);
}

Test(random, below_zero_aborts, .signal = SIGABRT)
{
    struct random r;

    random_seed(&r, 1);
    random_below(&r, 0);
}
