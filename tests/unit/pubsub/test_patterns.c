/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/check.h"
#include "pubsub/patterns.h"
#include <criterion/criterion.h>

static const char *const globs[] = {"",        "*",      "news", "news.*", "n?ws",
                                    "[mn]ews", "\\news", "?",    "o*"};

struct found {
    size_t times[COUNT_OF(globs)];
};

static struct patterns patterns;
static struct pattern items[COUNT_OF(globs)];

static void set_up(void)
{
    patterns_init(&patterns);
    for (size_t i = 0; i < COUNT_OF(globs); i++)
        patterns_add(&patterns, &items[i], bytes_of_string(globs[i]));
}

static void count(void *ctx, struct pattern *pattern)
{
    struct found *found = ctx;

    found->times[pattern - items]++;
}

/* Those that match, blank-separated, in the order of `globs`; good until the next call. */
static const char *matches(const char *channel)
{
    static char text[256];
    struct found found = {0};

    patterns_match(&patterns, bytes_of_string(channel), count, &found);
    text[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(globs); i++) {
        cr_assert(found.times[i] <= 1);
        if (found.times[i] == 1) {
            strcat(text, "'");
            strcat(text, globs[i]);
            strcat(text, "'");
        }
    }
    return text;
}

TestSuite(patterns, .init = set_up);

Test(patterns, all_that_match_are_found_however_they_begin)
{
    cr_assert_str_eq(matches("news"), "'*''news''n?ws''[mn]ews''\\news'");
    cr_assert_str_eq(matches("news.tech"), "'*''news.*'");
    cr_assert_str_eq(matches("mews"), "'*''[mn]ews'");
    cr_assert_str_eq(matches("o"), "'*''?''o*'");
    cr_assert_str_eq(matches("\xff"), "'*''?'");
}

Test(patterns, the_empty_channel_matches_what_matches_nothing)
{
    cr_assert_str_eq(matches(""), "'''*'");
}

Test(patterns, a_removed_one_is_not_found)
{
    patterns_remove(&items[2]);
    patterns_remove(&items[1]);
    cr_assert_str_eq(matches("news"), "'n?ws''[mn]ews''\\news'");
}
