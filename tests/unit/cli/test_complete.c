/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/complete.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

#define S(text) "+" text "\r\n"
#define ARGUMENT(name) "%2\r\n" S("name") S(name) S("type") S("string")

static const char documentation[] = "%4\r\n" S("fetch") "%2\r\n" S("group") S("log")
    S("arguments") "*2\r\n" ARGUMENT("topic") "%4\r\n" S("name") S("ms") S("type") S("integer")
        S("token") S("BLOCK") S("flags") "*1\r\n" S("optional")
            S("follow") "%1\r\n" S("arguments") "*1\r\n" ARGUMENT("topic[/partition]")
                S("subscribe") "%1\r\n" S("arguments") "*1\r\n" ARGUMENT("channel")
                    S("topic") "%1\r\n" S("subcommands") "%2\r\n" S("topic|describe") "%2\r\n" S(
                        "group") S("topic") S("arguments") "*1\r\n" ARGUMENT("name")
                        S("topic|delete") "%2\r\n" S("group") S("topic")
                            S("arguments") "*1\r\n" ARGUMENT("name");

static struct docs docs;

static void setup(void)
{
    docs = (struct docs){0};
    docs_set(&docs, resp_reply(documentation));
}

static void teardown(void)
{
    docs_deinit(&docs);
}

TestSuite(complete, .init = setup, .fini = teardown);

static void names(void *ctx, enum complete_names kind, struct completion *c)
{
    (void)ctx;
    if (kind == COMPLETE_TOPICS) {
        completion_offer(c, BYTES_LITERAL("orders"));
        completion_offer(c, BYTES_LITERAL("ordinary"));
        completion_offer(c, BYTES_LITERAL("clicks"));
        completion_offer(c, BYTES_LITERAL("orders"));
    } else if (kind == COMPLETE_CHANNELS) {
        completion_offer(c, BYTES_LITERAL("a b"));
        completion_offer(c, BYTES_LITERAL("\xff"));
    }
}

/* The candidates with blanks between, and how many bytes they share. */
static void expect_completed(const char *line, const char *candidates, size_t common)
{
    struct completion c;
    struct buf out = {0};

    complete(&c, &docs, bytes_of_string(line), names, NULL);
    for (size_t i = 0; i < c.count; i++)
        buf_printf(&out, "%s%s", i > 0 ? " " : "", c.items[i]);
    resp_expect(&out, candidates);
    cr_expect_eq(c.common, common, "%s: %zu", line, c.common);
    completion_deinit(&c);
}

Test(complete, commands_in_the_case_that_is_typed)
{
    expect_completed("", "CLEAR EXIT FETCH FOLLOW HELP QUIT SUBSCRIBE TOPIC", 0);
    expect_completed("f", "fetch follow", 1);
    expect_completed("FO", "FOLLOW", 6);
    expect_completed("nosuch", "", 0);
}

Test(complete, sub_commands)
{
    expect_completed("topic de", "delete describe", 2);
    expect_completed("TOPIC DES", "DESCRIBE", 8);
}

Test(complete, names_that_are_there_each_once)
{
    expect_completed("FETCH ", "BLOCK clicks orders ordinary", 0);
    expect_completed("FETCH o", "orders ordinary", 3);
    expect_completed("topic delete c", "clicks", 6);
    expect_completed("follow ord", "orders ordinary", 3);
}

Test(complete, keywords)
{
    expect_completed("FETCH orders B", "BLOCK", 5);
    expect_completed("FETCH orders BLOCK ", "", 0);
}

Test(complete, names_that_need_quotes_get_them)
{
    expect_completed("subscribe ", "\"\\xff\" \"a b\"", 1);
}

Test(complete, not_inside_of_quotes)
{
    expect_completed("FETCH \"or", "", 0);
    expect_completed("FETCH \"or d", "", 0);
}

Test(complete, what_help_is_wanted_for)
{
    expect_completed("help f", "fetch follow", 1);
    expect_completed("help topic de", "delete describe", 2);
    expect_completed("help fetch ", "", 0);
}
