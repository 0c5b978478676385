/* SPDX-License-Identifier: BSD-3-Clause */
/* Assertions stay on, and speak before they end the process. */
#include "base/check.h"
#include <criterion/criterion.h>
#include <signal.h>

struct outer {
    int before;
    int member;
};

Test(check, assert_lets_a_true_condition_pass_and_evaluates_it_once)
{
    int evaluated = 0;

    ASSERT(++evaluated == 1);
    cr_assert_eq(evaluated, 1);
}

Test(check, assert_aborts_on_a_false_condition, .signal = SIGABRT)
{
    int three = 3;

    ASSERT(three == 4);
}

Test(check, container_of_finds_the_struct_around_a_member)
{
    struct outer o = {0};

    cr_assert_eq(CONTAINER_OF(&o.member, struct outer, member), &o);
}
