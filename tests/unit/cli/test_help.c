/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/help.h"
#include "cli/quoting.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

#define S(text) "+" text "\r\n"

static const char documentation[] = "%2\r\n" S("ping") "%4\r\n" S("summary") S("Is it there?")
    S("since") S("0.1.0") S("group") S("connection") S("arguments") "*1\r\n%3\r\n" S("name")
        S("message") S("type") S("string") S("flags") "*1\r\n" S("optional")
            S("topic") "%4\r\n" S("summary") S("Of topics") S("since") S("0.1.0") S("group")
                S("topic") S("subcommands") "%1\r\n" S("topic|list") "%3\r\n" S("summary")
                    S("Their names") S("since") S("0.1.0") S("group") S("topic");

static void expect_help(const char *line, const char *expected)
{
    static const struct style plain;
    struct docs docs = {0};
    struct words words = {0};
    struct buf out = {0};

    docs_set(&docs, resp_reply(documentation));
    cr_assert(words_split(&words, bytes_of_string(line)));
    help_append(&out, &plain, &docs, words.items, words.count);
    resp_expect(&out, expected);
    words_deinit(&words);
    docs_deinit(&docs);
}

Test(help, of_a_command)
{
    expect_help("ping",
                "\n  PING [message]\n  Is it there?\n  since: 0.1.0   group: connection\n\n");
}

Test(help, of_a_command_with_sub_commands_lists_them)
{
    expect_help("TOPIC", "\n  TOPIC\n  Of topics\n  since: 0.1.0   group: topic\n\n"
                         "  TOPIC LIST  Their names\n\n");
    expect_help("topic List", "\n  TOPIC LIST\n  Their names\n  since: 0.1.0   group: topic\n\n");
}

Test(help, of_a_group)
{
    expect_help("@Connection", "  PING  Is it there?\n");
    expect_help("@nosuch", "There is no group 'nosuch' of commands. help lists them.\n");
}

Test(help, of_what_is_not_there)
{
    expect_help("nosuch", "There is no command 'nosuch'. help lists the groups of commands.\n");
    expect_help("topic nosuch",
                "There is no command 'nosuch'. help lists the groups of commands.\n");
    expect_help("topic lsit", "There is no command 'lsit'. help lists the groups of commands.\n"
                              "Did you mean TOPIC LIST?\n");
}

static void expect_explained(const char *line, const char *error, const char *expected)
{
    static const struct style plain;
    struct docs docs = {0};
    struct words words = {0};
    struct buf out = {0};

    docs_set(&docs, resp_reply(documentation));
    cr_assert(words_split(&words, bytes_of_string(line)));
    help_explain(&out, &plain, &docs, words.items, words.count, bytes_of_string(error));
    resp_expect(&out, expected);
    words_deinit(&words);
    docs_deinit(&docs);
}

Test(help, explains_a_refusal_where_it_can)
{
    expect_explained("pign", "ERR unknown command 'pign'", "Did you mean PING?\n");
    expect_explained("nosuch", "ERR unknown command 'nosuch'", "");
    expect_explained("topic lst", "ERR unknown subcommand 'lst'", "Did you mean TOPIC LIST?\n");
    expect_explained("ping a b", "ERR wrong number of arguments for 'ping' command",
                     "  PING [message]\n");
    expect_explained("topic list x", "ERR syntax error", "  TOPIC LIST\n");
    expect_explained("topic", "ERR wrong number of arguments for 'topic' command",
                     "  TOPIC\n  help topic lists what may follow.\n");
    expect_explained("ping", "NOPERM no", "");
}

Test(help, wraps_at_the_width_of_the_terminal)
{
    const struct style narrow = {.width = 12};
    struct docs docs = {0};
    struct buf out = {0};
    const struct bytes ping = BYTES_LITERAL("ping"), group = BYTES_LITERAL("@connection");

    docs_set(&docs, resp_reply(documentation));
    help_append(&out, &narrow, &docs, &ping, 1);
    resp_expect(
        &out, "\n  PING\n    [message]\n  Is it\n  there?\n  since: 0.1.0   group: connection\n\n");
    out = (struct buf){0};
    help_append(&out, &(struct style){.width = 17}, &docs, &group, 1);
    resp_expect(&out, "  PING  Is it\n        there?\n");
    docs_deinit(&docs);
}
