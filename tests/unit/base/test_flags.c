/* SPDX-License-Identifier: BSD-3-Clause */
/* Options from a table. */
#include "base/check.h"
#include "base/flags.h"
#include <criterion/criterion.h>
#include <string.h>

struct parsed {
    const char *topic;
    int64_t port;
    bool follow;
    int64_t interval_us;
    struct flag_list channels;
    int used;
    char why[FLAGS_WHY_BYTES];
};

static bool parse(struct parsed *p, int argc, char *const *argv)
{
    const struct flag flags[] = {
        {.name = "--topic", .text = &p->topic},
        {.name = "-p", .number = &p->port, .number_min = 1, .number_max = 100},
        {.name = "--follow", .set = &p->follow},
        {.name = "-i", .micros = &p->interval_us},
        {.name = "--channel", .list = &p->channels},
    };

    *p = (struct parsed){.port = 5};
    return flags_parse(flags, COUNT_OF(flags), argc, argv, &p->used, p->why);
}

#define PARSE(p, ...) \
    parse(p, (int)COUNT_OF(((char *[]){__VA_ARGS__})), (char *const[]){__VA_ARGS__})

Test(flags, values_follow_or_are_joined)
{
    struct parsed p;

    cr_assert(PARSE(&p, "--topic", "a", "-p", "7", "--follow"));
    cr_expect_str_eq(p.topic, "a");
    cr_expect_eq(p.port, 7);
    cr_expect(p.follow);
    cr_assert(PARSE(&p, "--topic=a=b"));
    cr_expect_str_eq(p.topic, "a=b");
    cr_expect_eq(p.port, 5);
    cr_expect(!p.follow);
}

Test(flags, a_value_may_begin_with_a_dash)
{
    struct parsed p;

    cr_assert(PARSE(&p, "--topic", "--follow"));
    cr_expect_str_eq(p.topic, "--follow");
    cr_expect(!p.follow);
}

Test(flags, the_first_other_argument_ends_them)
{
    struct parsed p;

    cr_assert(PARSE(&p, "--follow", "PING", "--topic", "a"));
    cr_expect_eq(p.used, 1);
    cr_expect_null(p.topic);
    cr_assert(PARSE(&p, "-", "--follow"));
    cr_expect_eq(p.used, 0);
}

Test(flags, two_dashes_end_them)
{
    struct parsed p;

    cr_assert(PARSE(&p, "--follow", "--", "--topic"));
    cr_expect_eq(p.used, 2);
    cr_expect_null(p.topic);
}

Test(flags, an_unknown_one_is_refused_with_the_nearest)
{
    struct parsed p;

    cr_assert(!PARSE(&p, "--topci", "a"));
    cr_expect_str_eq(p.why, "unknown option '--topci'; did you mean '--topic'?");
    cr_assert(!PARSE(&p, "--something-else"));
    cr_expect_str_eq(p.why, "unknown option '--something-else'");
}

Test(flags, a_missing_value_is_refused)
{
    struct parsed p;

    cr_assert(!PARSE(&p, "--topic"));
    cr_expect_str_eq(p.why, "--topic needs a value");
}

Test(flags, a_switch_takes_no_value)
{
    struct parsed p;

    cr_assert(!PARSE(&p, "--follow=yes"));
    cr_expect_str_eq(p.why, "--follow takes no value");
}

Test(flags, a_number_out_of_its_range_is_refused)
{
    struct parsed p;

    cr_assert(!PARSE(&p, "-p", "101"));
    cr_expect_str_eq(p.why, "-p takes a number from 1 to 100, not '101'");
    cr_expect(!PARSE(&p, "-p", "0"));
    cr_expect(!PARSE(&p, "-p", "1x"));
    cr_expect(!PARSE(&p, "-p", ""));
    cr_expect_eq(p.port, 5);
}

Test(flags, an_overlong_option_does_not_overflow_the_message)
{
    struct parsed p;
    char word[2 * FLAGS_WHY_BYTES];

    memset(word, '-', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    cr_assert(!PARSE(&p, word));
    cr_expect_eq(strlen(p.why), FLAGS_WHY_BYTES - 1);
}

Test(flags, seconds_may_have_a_fraction)
{
    struct parsed p;

    cr_assert(PARSE(&p, "-i", "2"));
    cr_expect_eq(p.interval_us, 2000000);
    cr_assert(PARSE(&p, "-i", "0.25"));
    cr_expect_eq(p.interval_us, 250000);
    cr_assert(PARSE(&p, "-i", ".000001"));
    cr_expect_eq(p.interval_us, 1);
    cr_assert(PARSE(&p, "-i", "1.0000009"));
    cr_expect_eq(p.interval_us, 1000000);
    static char *const wrong[] = {"", ".", "1.", "-1", "1,5", "1e3", "86401"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        cr_expect(!PARSE(&p, "-i", wrong[i]), "%s", wrong[i]);
    cr_expect_str_eq(p.why, "-i takes seconds, such as 2 or 0.5, not '86401'");
}

Test(flags, a_list_keeps_all_that_came)
{
    struct parsed p;
    char *many[2 * (FLAGS_LIST_MAX + 1)];

    cr_assert(PARSE(&p, "--channel", "a", "--follow", "--channel=b"));
    cr_assert_eq(p.channels.count, 2);
    cr_expect_str_eq(p.channels.items[0], "a");
    cr_expect_str_eq(p.channels.items[1], "b");
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = i % 2 == 0 ? "--channel" : "c";
    cr_expect(!parse(&p, (int)COUNT_OF(many), many));
    cr_expect_str_eq(p.why, "--channel: more than 64 are too many");
}
