/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/prose.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>
#include <locale.h>

static void setup(void)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

TestSuite(prose, .init = setup);

static void expect(const char *first, const char *text, size_t width, const char *expected)
{
    struct buf out = {0};

    prose_append(&out, first, bytes_of_string(text), width);
    resp_expect(&out, expected);
}

Test(prose, is_broken_between_words)
{
    expect("", "the quick brown fox jumps", 17, "the quick brown\nfox jumps\n");
    expect("", "the quick brown foxes", 21, "the quick brown foxes\n");
}

Test(prose, is_indented_behind_what_stands_in_front)
{
    expect("  a) ", "the quick brown fox jumps", 22, "  a) the quick brown\n     fox jumps\n");
}

Test(prose, keeps_line_breaks_and_empty_lines)
{
    expect("", "one\n\ntwo", 80, "one\n\ntwo\n");
    expect("* ", "", 80, "* \n");
}

Test(prose, breaks_a_word_that_is_wider_than_the_line)
{
    expect("", "12345678901234567890 x", 16, "1234567890123456\n7890 x\n");
}

Test(prose, always_takes_something)
{
    struct bytes text = bytes_of_string("日本");

    cr_expect_eq(prose_take(&text, 1).len, 6);
    cr_expect_eq(text.len, 0);
}

Test(prose, is_never_wider_than_can_be_read)
{
    char text[400];
    struct buf out = {0};

    memset(text, 'x', sizeof(text));
    prose_append(&out, "", bytes_of(text, sizeof(text)), 300);
    cr_expect_eq(strcspn(out.data, "\n"), PROSE_WIDTH_MAX);
    buf_deinit(&out);
}
