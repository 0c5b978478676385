/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/dials.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

static const struct dial some[] = {
    {.name = "members", .what = "how many there are", .value = 2, .min = 1, .max = 4},
    {.name = "crash", .what = "when it crashes", .value = 1, .words = "never before after"},
};

static struct dials d;
static char why[DIALS_WHY_BYTES];

static void setup(void)
{
    dials_init(&d, some, COUNT_OF(some));
}

TestSuite(dials, .init = setup);

static bool set(const char *setting)
{
    return dials_set(&d, bytes_of_string(setting), why);
}

Test(dials, begin_where_the_lesson_says)
{
    cr_expect_eq(dials_get(&d, "members"), 2);
    cr_expect_eq(dials_get(&d, "crash"), 1);
}

Test(dials, take_numbers_within_their_bounds)
{
    cr_expect(set("members=4"));
    cr_expect_eq(dials_get(&d, "members"), 4);
    cr_expect(set("MEMBERS 1"));
    cr_expect_eq(dials_get(&d, "members"), 1);
    cr_expect_not(set("members=5"));
    cr_expect_str_eq(why, "members is 1 to 4");
    cr_expect_not(set("members"));
    cr_expect_not(set("members=two"));
    cr_expect_eq(dials_get(&d, "members"), 1);
}

Test(dials, take_words)
{
    cr_expect(set("crash=After"));
    cr_expect_eq(dials_get(&d, "crash"), 2);
    cr_expect_not(set("crash=1"));
    cr_expect_not(set("crash="));
    cr_expect_str_eq(why, "crash is one of never before after");
}

Test(dials, suggest_what_a_mistyped_name_is_like)
{
    cr_expect_not(set("membres=3"));
    cr_expect_str_eq(why, "there is no 'membres' here; did you mean 'members'?");
    cr_expect_not(set("speed=3"));
    cr_expect_str_eq(why, "there is no 'speed' in this lesson");
}

Test(dials, say_how_they_are_set)
{
    struct buf out = {0};

    cr_expect(set("crash=never"));
    dials_summary(&d, &out);
    resp_expect(&out, "members=2 crash=never");
    dials_print(&d, &out, 80);
    resp_expect(&out, "    members=2     how many there are: 1 to 4\n"
                      "    crash=never   when it crashes: one of never before after\n");
}
