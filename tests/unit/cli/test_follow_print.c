/* SPDX-License-Identifier: BSD-3-Clause */
/* What FOLLOW sends, as a line. */
#include "cli/follow_print.h"
#include <criterion/criterion.h>
#include <locale.h>

/* NULL: it is left to others. */
static void expect(const char *resp, const char *expected)
{
    struct buf out = {0};
    struct reply *reply = NULL;
    size_t consumed = 0;
    const char *why = NULL;

    cr_assert_eq(reply_read(bytes_of_string(resp), &reply, &consumed, &why), ERR_OK);
    cr_expect_eq(follow_print(&out, reply), expected != NULL);
    buf_append_char(&out, '\0');
    cr_expect_str_eq(out.data, expected == NULL ? "" : expected);
    reply_free(reply);
    buf_deinit(&out);
}

Test(follow_print, a_record_is_a_line)
{
    expect("*8\r\n$6\r\nrecord\r\n$1\r\nt\r\n:0\r\n:17\r\n:1767225600417\r\n$3\r\nann\r\n$"
           "5\r\nhello\r\n"
           "*2\r\n$4\r\nshop\r\n$5\r\nnorth\r\n",
           "t/0@17  2026-01-01T00:00:00.417Z  \"ann\"  \"hello\"  \"shop\"=\"north\"\n");
    expect(
        ">8\r\n$6\r\nrecord\r\n$1\r\nt\r\n:3\r\n:0\r\n:0\r\n_\r\n_\r\n%2\r\n$1\r\na\r\n$1\r\nb\r\n"
        "$1\r\nc\r\n_\r\n",
        "t/3@0  1970-01-01T00:00:00.000Z  (nil)  (nil)  \"a\"=\"b\" \"c\"=(nil)\n");
}

Test(follow_print, text_of_the_world_is_shown_and_other_bytes_are_escaped)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
    expect("*8\r\n$6\r\nrecord\r\n$1\r\nt\r\n:0\r\n:0\r\n:0\r\n$3\r\n\xe6\x97\xa5\r\n$"
           "2\r\n\xff\n\r\n*0\r\n",
           "t/0@0  1970-01-01T00:00:00.000Z  \"\xe6\x97\xa5\"  \"\\xff\\n\"\n");
}

Test(follow_print, beginnings_losses_and_ends_are_sentences)
{
    expect("*5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n:17\r\n:1\r\n",
           "following t/0 from offset 17\n");
    expect("*6\r\n$4\r\nlost\r\n$1\r\nt\r\n:0\r\n:5\r\n:9\r\n$11\r\nCORRUPT why\r\n",
           "lost t/0@5-9: CORRUPT why\n");
    expect("*6\r\n$8\r\nunfollow\r\n$1\r\nt\r\n:0\r\n:18\r\n:0\r\n$4\r\ngone\r\n",
           "no longer following t/0, which ends before offset 18: gone\n");
}

Test(follow_print, anything_else_is_left_alone)
{
    expect("+OK\r\n", NULL);
    expect("*0\r\n", NULL);
    expect("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", NULL);
    expect("*5\r\n$6\r\nfollow\r\n$1\r\nt\r\n:0\r\n$1\r\nx\r\n:1\r\n", NULL);
    expect("*5\r\n:1\r\n$1\r\nt\r\n:0\r\n:0\r\n:1\r\n", NULL);
    expect("*6\r\n$8\r\nunfollow\r\n$1\r\nt\r\n:0\r\n:18\r\n:0\r\n$-1\r\n", NULL);
}
