/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/lanes.h"
#include "unit/cli/resp.h"
#include <criterion/criterion.h>
#include <locale.h>

static struct lanes lanes;
static struct buf out;

static void setup(void)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
    lanes = (struct lanes){.style = {.width = 46}};
    out = (struct buf){0};
    lanes_add(&lanes, "ann");
    lanes_add(&lanes, "bob");
}

TestSuite(lanes, .init = setup);

static void put(size_t lane, enum lane_kind kind, const char *text)
{
    lanes_put(&lanes, &out, lane, kind, bytes_of_string(text));
}

#define HEADING " ann                  │ bob\n──────────────────────┼──────────────────────\n"

Test(lanes, are_columns_in_which_time_goes_down)
{
    put(0, LANE_TYPED, "PUBLISH news hi");
    put(0, LANE_REPLY, "1");
    put(1, LANE_PUSH, "news: \"hi\"");
    put(1, LANE_TROUBLE, "crash");
    resp_expect(&out, HEADING " > PUBLISH news hi    │\n"
                              "   1                  │\n"
                              "                      │ < news: \"hi\"\n"
                              "                      │ ! crash\n");
}

Test(lanes, break_lines_between_words_and_long_words_where_they_must)
{
    put(0, LANE_TYPED, "CONSUME shipping ann TOPICS orders");
    put(1, LANE_REPLY, "xxxxxxxxxxxxxxxxxxxxxxxx");
    resp_expect(&out, HEADING " > CONSUME shipping   │\n"
                              "   ann TOPICS orders  │\n"
                              "                      │   xxxxxxxxxxxxxxxxxx\n"
                              "                      │   xxxxxx\n");
}

Test(lanes, count_columns_and_not_bytes)
{
    put(0, LANE_REPLY, "日本語のとても長い名前");
    put(1, LANE_REPLY, "é");
    resp_expect(&out, HEADING "   日本語のとても長い │\n"
                              "   名前               │\n"
                              "                      │   é\n");
}

Test(lanes, put_the_name_in_front_where_columns_would_be_too_narrow)
{
    lanes.style.width = 30;
    put(0, LANE_TYPED, "PUBLISH news 'are you there?'");
    put(1, LANE_PUSH, "news");
    resp_expect(&out, "ann > PUBLISH news 'are you\n"
                      "ann   there?'\n"
                      "bob < news\n");
}

Test(lanes, begin_anew_when_the_window_has_another_size_or_somebody_enters)
{
    put(0, LANE_REPLY, "1");
    lanes.style.width = 40;
    put(0, LANE_REPLY, "2");
    lanes_add(&lanes, "eve");
    lanes.style.width = 60;
    put(2, LANE_REPLY, "3");
    resp_expect(&out, HEADING "   1                  │\n"
                              " ann               │ bob\n───────────────────┼───────────────────\n"
                              "   2               │\n"
                              " ann               │ bob               │ eve\n"
                              "───────────────────┼───────────────────┼───────────────────\n"
                              "                   │                   │   3\n");
}

Test(lanes, have_their_heading_again_behind_something_else)
{
    put(0, LANE_REPLY, "1\n2");
    lanes_interrupted(&lanes);
    put(0, LANE_REPLY, "3");
    resp_expect(&out, HEADING "   1                  │\n"
                              "   2                  │\n" HEADING "   3                  │\n");
}

Test(lanes, are_coloured_only_where_that_is_wanted)
{
    lanes.style = (struct style){.width = 30, .colour = true};
    put(0, LANE_TYPED, "PING");
    resp_expect(&out, "\033[2mann\033[0m > \033[1mPING\033[0m\n");
}
