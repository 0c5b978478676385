/* SPDX-License-Identifier: BSD-3-Clause */
/* What is still to be typed, against documentation as servers send it. */
#include "cli/quoting.h"
#include "cli/typed.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

#define S(text) "+" text "\r\n"
#define VALUE(name) "%2\r\n" S("name") S(name) S("type") S("string")
#define OPTION(name, token)                                              \
    "%4\r\n" S("name") S(name) S("type") S("string") S("token") S(token) \
        S("flags") "*1\r\n" S("optional")
#define FLAG(token)                                                           \
    "%4\r\n" S("name") S(token) S("type") S("pure-token") S("token") S(token) \
        S("flags") "*1\r\n" S("optional")
#define WORD(token) "%3\r\n" S("name") S(token) S("type") S("pure-token") S("token") S(token)
#define ENTRY(name, count, arguments) \
    S(name) "%2\r\n" S("summary") S("does it") S("arguments") "*" count "\r\n" arguments

static const char documentation[] = "%4\r\n"
    /* topic value [KEY key] [HEADER name value [HEADER name value ...]] [ACK <NONE | SYNCED>] [TOMBSTONE] */
    ENTRY("produce", "6",
          VALUE("topic") VALUE("value") OPTION("key", "KEY") "%5\r\n" S("name") S("header")
              S("type") S("block") S("token") S("HEADER") S("flags") "*3\r\n" S("optional")
                  S("multiple") S("multiple_token") S("arguments") "*2\r\n" VALUE("name")
                      VALUE("value") "%5\r\n" S("name") S("ack") S("type") S("oneof") S("token")
                          S("ACK") S("flags") "*1\r\n" S("optional")
                              S("arguments") "*2\r\n" WORD("NONE") WORD("SYNCED") FLAG("TOMBSTONE"))
    /* key value [key value ...] */
    ENTRY("pairs", "1",
          "%4\r\n" S("name") S("pair") S("type") S("block") S("flags") "*1\r\n" S("multiple")
              S("arguments") "*2\r\n" VALUE("key") VALUE("value"))
    /* <ON | OFF> */
    ENTRY("switch", "1",
          "%3\r\n" S("name") S("how") S("type") S("oneof") S("arguments") "*2\r\n" WORD("ON")
              WORD("OFF")) S("group") "%2\r\n" S("summary") S("of groups")
        S("subcommands") "%1\r\n" ENTRY("group|lag", "1", VALUE("group"));

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

TestSuite(typed, .init = setup, .fini = teardown);

static void read_line(struct typed *t, const char *line)
{
    struct words words = {0};

    cr_assert(words_split(&words, bytes_of_string(line)));
    typed_read(t, &docs, words.items, words.count);
    words_deinit(&words);
}

static void put_keyword(void *ctx, struct bytes keyword)
{
    buf_append_bytes(ctx, keyword);
    buf_append_char(ctx, ' ');
}

/* The hint, the name of the value that comes next, and the keywords that may. */
static void expect_typed(const char *line, const char *hint, const char *value,
                         const char *keywords)
{
    struct typed t;
    struct buf out = {0};

    read_line(&t, line);
    typed_append_hint(&t, &out);
    resp_expect(&out, hint);
    if (t.expects != NULL)
        buf_append_bytes(&out, docs_text(t.expects, "name"));
    resp_expect(&out, value);
    typed_each_keyword(&t, put_keyword, &out);
    resp_expect(&out, keywords);
}

#define OPTIONS \
    "[KEY key] [HEADER name value [HEADER name value ...]] [ACK <NONE | SYNCED>] [TOMBSTONE]"

Test(typed, nothing_is_known_of_what_is_no_command)
{
    expect_typed("", "", "", "");
    expect_typed("nosuch a b", "", "", "");
}

Test(typed, values_go_away_one_by_one)
{
    expect_typed("produce", "topic value " OPTIONS, "topic", "KEY HEADER ACK TOMBSTONE ");
    expect_typed("PRODUCE t", "value " OPTIONS, "value", "KEY HEADER ACK TOMBSTONE ");
    expect_typed("PRODUCE t v", OPTIONS, "", "KEY HEADER ACK TOMBSTONE ");
    expect_typed("PRODUCE t v one too many", OPTIONS, "", "KEY HEADER ACK TOMBSTONE ");
}

Test(typed, an_option_goes_away_when_it_is_there)
{
    expect_typed("PRODUCE t v tombstone key k",
                 "[HEADER name value [HEADER name value ...]] [ACK <NONE | SYNCED>]", "",
                 "HEADER ACK ");
}

Test(typed, the_value_of_an_option_is_asked_for_first)
{
    expect_typed("PRODUCE t v TOMBSTONE KEY",
                 "key [HEADER name value [HEADER name value ...]] [ACK <NONE | SYNCED>]", "key",
                 "");
    expect_typed("PRODUCE t v KEY k TOMBSTONE ACK",
                 "[ACK <NONE | SYNCED>] [HEADER name value [HEADER name value ...]]", "ack",
                 "NONE SYNCED ");
}

Test(typed, an_option_that_may_repeat_stays)
{
    expect_typed(
        "PRODUCE t v HEADER a",
        "value [KEY key] [HEADER name value [HEADER name value ...]] [ACK <NONE | SYNCED>] "
        "[TOMBSTONE]",
        "value", "");
    expect_typed("PRODUCE t v HEADER a b", OPTIONS, "", "KEY HEADER ACK TOMBSTONE ");
}

Test(typed, values_in_groups)
{
    expect_typed("pairs", "key value [key value ...]", "key", "");
    expect_typed("pairs k", "value key value [key value ...]", "value", "");
    expect_typed("pairs k v", "key value [key value ...]", "key", "");
}

Test(typed, one_of_some_words)
{
    expect_typed("switch", "<ON | OFF>", "", "ON OFF ");
    expect_typed("switch on", "", "", "");
}

Test(typed, sub_commands)
{
    expect_typed("group", "", "", "");
    expect_typed("GROUP lag", "group", "group", "");
    expect_typed("GROUP lag g", "", "", "");
}

Test(typed, resp2_says_the_same)
{
    docs_set(
        &docs,
        resp_reply("*2\r\n$1\r\na\r\n*2\r\n$9\r\narguments\r\n*1\r\n*4\r\n$4\r\nname\r\n$1\r\nx\r\n"
                   "$4\r\ntype\r\n$6\r\nstring\r\n"));
    expect_typed("a", "x", "x", "");
}

Test(typed, a_server_without_documentation_is_no_harm)
{
    docs_set(&docs, resp_reply("-ERR unknown command\r\n"));
    expect_typed("produce", "", "", "");
}
