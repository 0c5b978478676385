/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/quiz.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>

static struct quiz q;

static void setup(void)
{
    q = (struct quiz){0};
    quiz_ask(&q, "How many of %d?", 3);
    quiz_choice(&q, "All %d.", 3);
    quiz_why(&q, "Since %s.", "so it is");
    quiz_choice(&q, "None.");
    quiz_teaches(&q, 1);
}

static void teardown(void)
{
    quiz_deinit(&q);
}

TestSuite(quiz, .init = setup, .fini = teardown);

static void expect_answer(const char *answer, size_t expected)
{
    size_t choice = QUIZ_NONE;

    cr_expect_eq(quiz_parse(&q, bytes_of_string(answer), &choice), expected != QUIZ_NONE, "%s",
                 answer);
    cr_expect_eq(choice, expected, "%s", answer);
}

Test(quiz, lists_what_can_be_chosen)
{
    struct buf out = {0};

    quiz_print(&q, &out, 80);
    resp_expect(&out, "How many of 3?\n  a) All 3.\n  b) None.\n");
    cr_expect(bytes_equal(buf_bytes(&q.choices[0].why), BYTES_LITERAL("Since so it is.")));
    cr_expect_eq(q.taught, 1);
}

Test(quiz, takes_a_letter_or_a_number)
{
    expect_answer("a", 0);
    expect_answer("B", 1);
    expect_answer("b)", 1);
    expect_answer("2", 1);
    expect_answer("1.", 0);
}

Test(quiz, takes_nothing_else)
{
    expect_answer("", QUIZ_NONE);
    expect_answer("c", QUIZ_NONE);
    expect_answer("3", QUIZ_NONE);
    expect_answer("0", QUIZ_NONE);
    expect_answer("ab", QUIZ_NONE);
    expect_answer("abc", QUIZ_NONE);
    expect_answer("`", QUIZ_NONE);
    expect_answer("\xc3\xa4", QUIZ_NONE);
}
