/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/wording.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>

static void setup(void)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

TestSuite(wording, .init = setup);

static void expect(const char *command, const char *resp, const char *expected)
{
    struct reply *reply = resp_reply(resp);
    struct buf out = {0};

    wording_reply(&out, bytes_of_string(command), reply);
    resp_expect(&out, expected);
    reply_free(reply);
}

#define RECORD "*5\r\n:3\r\n:1000\r\n_\r\n$6\r\na book\r\n*0\r\n"
#define KEYED "*5\r\n:4\r\n:1000\r\n$3\r\nann\r\n_\r\n*0\r\n"

Test(wording, says_where_a_record_went)
{
    expect("PRODUCE", "*2\r\n:1\r\n:5\r\n", "partition 1, offset 5");
    expect("PRODUCE", "*2\r\n:1\r\n:-1\r\n", "partition 1, offset not known yet");
    expect("mproduce", "*2\r\n*3\r\n:0\r\n:4\r\n:3\r\n*3\r\n:1\r\n:9\r\n:1\r\n",
           "partition 0, offsets 4 to 6\npartition 1, offset 9");
}

Test(wording, says_where_a_group_was_put)
{
    expect("GROUP", "*2\r\n*3\r\n$1\r\nt\r\n:0\r\n:7\r\n*3\r\n$1\r\nt\r\n:1\r\n:9\r\n",
           "t/0 at offset 7\nt/1 at offset 9");
    expect("GROUP", "*1\r\n$3\r\nann\r\n", "[\"ann\"]");
}

Test(wording, gives_each_record_a_line)
{
    expect("FETCH", "*2\r\n" RECORD KEYED, "@3 \"a book\"\n@4 ann (nil)");
    expect("CONSUME", "*1\r\n*3\r\n$6\r\norders\r\n:1\r\n*1\r\n" RECORD, "orders/1@3 \"a book\"");
    expect("CONSUME", "*0\r\n", "(no records)");
    expect("CONSUME",
           "*2\r\n*3\r\n$6\r\norders\r\n:1\r\n*1\r\n" RECORD
           "*3\r\n$6\r\norders\r\n:2\r\n-CORRUPT a stretch\r\n",
           "orders/1@3 \"a book\"\norders/2: CORRUPT a stretch");
}

Test(wording, knows_what_comes_by_itself)
{
    expect("", ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n", "news: \"hi\"");
    expect("", ">4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$2\r\nhi\r\n", "news: \"hi\"");
    expect("SUBSCRIBE", ">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n", "listening to news");
    expect("", ">5\r\n$10\r\nassignment\r\n$1\r\ng\r\n$3\r\nann\r\n:2\r\n*2\r\n$1\r\nt\r\n:0\r\n",
           "you have t/0");
    expect("", ">6\r\n$4\r\nlost\r\n$1\r\nt\r\n:0\r\n:1\r\n:2\r\n$7\r\nGONE at\r\n",
           "lost: GONE at");
    expect("", ">1\r\n$7\r\nnovelty\r\n", "[\"novelty\"]");
}

Test(wording, has_words_for_any_reply)
{
    expect("PUBLISH", ":2\r\n", "2");
    expect("PING", "+PONG\r\n", "PONG");
    expect("FETCH", "-ERR no\r\n", "ERR no");
    expect("X", "%1\r\n$1\r\na\r\n*2\r\n:1\r\n_\r\n", "{\"a\": [1, (nil)]}");
    expect("PRODUCE", "*1\r\n:1\r\n", "[1]");
}

Test(wording, cuts_what_is_too_long_and_says_how_long_it_was)
{
    char resp[200], long_text[101];

    memset(long_text, 'x', 100);
    long_text[100] = '\0';
    snprintf(resp, sizeof(resp), "$100\r\n%s\r\n", long_text);
    struct reply *reply = resp_reply(resp);
    struct buf out = {0};
    wording_reply(&out, BYTES_NULL, reply);
    cr_expect_eq(out.len, 62 + strlen("… (100 bytes)"));
    cr_expect(bytes_starts_with(buf_bytes(&out), "\"xxx"));
    buf_deinit(&out);
    reply_free(reply);
}
