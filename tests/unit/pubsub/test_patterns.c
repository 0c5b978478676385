/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/check.h"
#include "base/glob.h"
#include "pubsub/patterns.h"
#include "unit/base/seed.h"

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

static void tear_down(void)
{
    for (size_t i = 0; i < COUNT_OF(globs); i++)
        if (!list_empty(&items[i].link))
            patterns_remove(&patterns, &items[i]);
}

TestSuite(patterns, .init = set_up, .fini = tear_down);

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
    patterns_remove(&patterns, &items[2]);
    patterns_remove(&patterns, &items[1]);
    cr_assert_str_eq(matches("news"), "'n?ws''[mn]ews''\\news'");
}

struct order {
    const struct pattern *first; /* of an array */
    char *text;                  /* their numbers */
};

static void append_number(void *ctx, struct pattern *pattern)
{
    struct order *order = ctx;

    *order->text++ = (char)('0' + (pattern - order->first));
    *order->text = '\0';
}

Test(patterns, those_with_a_literal_beginning_come_first_and_short_before_long)
{
    static const char *const in_order[] = {"n*", "ne?s", "new*", "news", "*ws", "*"};
    struct pattern many[COUNT_OF(in_order)];
    struct patterns p;
    char order[COUNT_OF(in_order) + 1] = "";

    patterns_init(&p);
    for (size_t i = COUNT_OF(in_order); i-- > 0;)
        patterns_add(&p, &many[i], bytes_of_string(in_order[i]));
    patterns_match(&p, BYTES_LITERAL("news"), append_number, (struct order[]){{many, order}});
    cr_assert_str_eq(order, "012345");
    for (size_t i = 0; i < COUNT_OF(in_order); i++)
        patterns_remove(&p, &many[i]);
}

Test(patterns, of_equal_ones_that_which_was_added_first_comes_first)
{
    struct pattern many[3];
    struct patterns p;
    char order[4] = "";

    patterns_init(&p);
    for (size_t i = 0; i < 3; i++)
        patterns_add(&p, &many[i], BYTES_LITERAL("a*"));
    patterns_match(&p, BYTES_LITERAL("abc"), append_number, (struct order[]){{many, order}});
    cr_assert_str_eq(order, "012");
    for (size_t i = 0; i < 3; i++)
        patterns_remove(&p, &many[i]);
}

/* How many of the two patterns match a channel of 600 bytes that differs from `c` at one place. */
static size_t matches_of_long(char *front, char *back, size_t place, char c)
{
    struct pattern many[2];
    struct patterns p;
    char order[3] = "", channel[600];

    memset(channel, 'c', sizeof(channel));
    channel[place] = c;
    patterns_init(&p);
    patterns_add(&p, &many[0], bytes_of(front, 600));
    patterns_add(&p, &many[1], bytes_of(back, 600));
    patterns_match(&p, bytes_of(channel, sizeof(channel)), append_number,
                   (struct order[]){{many, order}});
    patterns_remove(&p, &many[0]);
    patterns_remove(&p, &many[1]);
    return strlen(order);
}

Test(patterns, beginnings_and_ends_longer_than_what_is_indexed_count_whole)
{
    char front[600], back[600];

    memset(front, 'c', sizeof(front));
    memset(back, 'c', sizeof(back));
    front[599] = back[0] = '*';
    cr_assert_eq(matches_of_long(front, back, 0, 'c'), 2);
    cr_assert_eq(matches_of_long(front, back, 0, 'x'), 1);
    cr_assert_eq(matches_of_long(front, back, 300, 'x'), 0);
    cr_assert_eq(matches_of_long(front, back, 599, 'x'), 1);
}

/* --- against testing every pattern ---------------------------------------------------------------- */

#define MODEL_PATTERNS 300
#define MODEL_TEXT_MAX 12

struct model {
    struct random random;
    struct patterns patterns;
    struct pattern items[MODEL_PATTERNS];
    char globs[MODEL_PATTERNS][MODEL_TEXT_MAX + 1];
    bool added[MODEL_PATTERNS];
    size_t times[MODEL_PATTERNS];
    size_t matches;
};

/* Few letters, so that beginnings and ends agree often; specials are what the glob knows. */
static void draw_text(struct model *m, const char *alphabet, char *text)
{
    size_t len = random_below(&m->random, MODEL_TEXT_MAX + 1);

    for (size_t i = 0; i < len; i++)
        text[i] = alphabet[random_below(&m->random, strlen(alphabet))];
    text[len] = '\0';
}

static void add_or_remove(struct model *m)
{
    static const char *const alphabets[] = {"ab", "ab*", "abab*?", "ab*?[]^-\\"};
    size_t i = random_below(&m->random, MODEL_PATTERNS);

    if (m->added[i]) {
        patterns_remove(&m->patterns, &m->items[i]);
    } else {
        draw_text(m, alphabets[random_below(&m->random, COUNT_OF(alphabets))], m->globs[i]);
        patterns_add(&m->patterns, &m->items[i], bytes_of_string(m->globs[i]));
    }
    m->added[i] = !m->added[i];
}

static void note(void *ctx, struct pattern *pattern)
{
    struct model *m = ctx;

    m->times[pattern - m->items]++;
    m->matches++;
}

static void check_match(struct model *m)
{
    char channel[MODEL_TEXT_MAX + 1];

    draw_text(m, random_below(&m->random, 10) == 0 ? "ab*?[]\\" : "ab", channel);
    memset(m->times, 0, sizeof(m->times));
    patterns_match(&m->patterns, bytes_of_string(channel), note, m);
    for (size_t i = 0; i < MODEL_PATTERNS; i++) {
        bool expected =
            m->added[i] && glob_match(bytes_of_string(m->globs[i]), bytes_of_string(channel));

        cr_assert_eq(m->times[i], expected, "'%s' for '%s'", m->globs[i], channel);
    }
}

Test(patterns, finds_what_testing_every_pattern_finds)
{
    static struct model m;

    seed_test(&m.random);
    patterns_init(&m.patterns);
    for (int step = 0; step < 20000; step++) {
        add_or_remove(&m);
        if (step % 4 == 0)
            check_match(&m);
    }
    cr_assert_gt(m.matches, 10000, "the run found little");
    for (size_t i = 0; i < MODEL_PATTERNS; i++)
        if (m.added[i])
            patterns_remove(&m.patterns, &m.items[i]);
    cr_assert_eq(m.patterns.count, 0);
    cr_assert(prefix_tree_empty(&m.patterns.by_beginning));
    cr_assert(prefix_tree_empty(&m.patterns.by_end));
    cr_assert_null(m.patterns.by_beginning.root.children);
}
