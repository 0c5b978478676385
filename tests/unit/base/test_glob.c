/* SPDX-License-Identifier: BSD-3-Clause */
/* Patterns as Redis reads them, against the plain definition, and against hostile ones. */
#include "base/glob.h"
#include "base/mem.h"
#include "unit/base/seed.h"

static bool matches(const char *pattern, const char *text)
{
    return glob_match(bytes_of_string(pattern), bytes_of_string(text));
}

static bool matches_nocase(const char *pattern, const char *text)
{
    return glob_match_nocase(bytes_of_string(pattern), bytes_of_string(text));
}

Test(glob, plain_text_matches_itself_only)
{
    cr_assert(matches("news", "news"));
    cr_assert(!matches("news", "newss"));
    cr_assert(!matches("news", "new"));
    cr_assert(!matches("news", "News"));
    cr_assert(matches("", ""));
    cr_assert(!matches("", "a"));
    cr_assert(!matches("a", ""));
    cr_assert(glob_match(BYTES_NULL, BYTES_NULL));
}

Test(glob, question_mark_is_any_one_byte)
{
    cr_assert(matches("h?llo", "hello"));
    cr_assert(matches("h?llo", "h\xffllo"));
    cr_assert(!matches("h?llo", "hllo"));
    cr_assert(!matches("?", ""));
    cr_assert(glob_match(BYTES_LITERAL("a?b"), BYTES_LITERAL("a\0b")));
}

Test(glob, star_is_any_run_of_bytes)
{
    cr_assert(matches("*", ""));
    cr_assert(matches("*", "anything"));
    cr_assert(matches("news.*", "news."));
    cr_assert(matches("news.*", "news.art.paint"));
    cr_assert(!matches("news.*", "news"));
    cr_assert(matches("*.log", "a.log.log"));
    cr_assert(matches("a*b*c", "axxbyybzzc"));
    cr_assert(!matches("a*b*c", "axxbyybzz"));
    cr_assert(matches("***a***", "a"));
    cr_assert(matches("a**", "a"));
    cr_assert(matches("*?", "a"));
    cr_assert(!matches("*?", ""));
}

Test(glob, class_is_one_byte_of_a_set)
{
    cr_assert(matches("h[ae]llo", "hello"));
    cr_assert(matches("h[ae]llo", "hallo"));
    cr_assert(!matches("h[ae]llo", "hillo"));
    cr_assert(!matches("h[ae]llo", "hllo"));
    cr_assert(matches("h[^e]llo", "hallo"));
    cr_assert(!matches("h[^e]llo", "hello"));
    cr_assert(matches("[a^]", "^"));
    cr_assert(matches("*[0-9]", "a1b2"));
}

Test(glob, range_in_a_class_works_in_either_direction)
{
    cr_assert(matches("h[a-c]llo", "hbllo"));
    cr_assert(!matches("h[a-c]llo", "hdllo"));
    cr_assert(matches("h[c-a]llo", "hbllo"));
    cr_assert(matches("[a-cx-z]", "y"));
    cr_assert(!matches("[^a-c]", "b"));
    cr_assert(matches("[\x80-\xff]", "\xc3"));
    cr_assert(!matches("[\x80-\xff]", "a"));
    cr_assert(matches("[-a]", "-"));
}

Test(glob, empty_class_matches_nothing_and_its_negation_anything)
{
    cr_assert(!matches("[]", "a"));
    cr_assert(!matches("[]", "]"));
    cr_assert(!matches("[]a", "a"));
    cr_assert(matches("[^]", "a"));
    cr_assert(!matches("[^]", ""));
}

Test(glob, class_that_is_not_closed_reaches_to_the_end)
{
    cr_assert(matches("[abc", "b"));
    cr_assert(!matches("[abc", "d"));
    cr_assert(!matches("[abc", "abc"));
    cr_assert(matches("[a-c", "b"));
    cr_assert(matches("[a-", "-"));
    cr_assert(!matches("[", "["));
    cr_assert(!matches("[", ""));
    cr_assert(matches("[^", "["));
    cr_assert(matches("x[*", "x*"));
    cr_assert(matches("[a-]", "^")); /* as in Redis: a range from ']' to 'a', not closed */
    cr_assert(!matches("[a-]", "-"));
}

Test(glob, backslash_takes_the_next_byte_as_it_is)
{
    cr_assert(matches("h\\*llo", "h*llo"));
    cr_assert(!matches("h\\*llo", "hello"));
    cr_assert(matches("\\?\\[\\\\", "?[\\"));
    cr_assert(matches("\\a", "a"));
    cr_assert(matches("[\\]]", "]"));
    cr_assert(matches("[\\^a]", "^"));
    cr_assert(matches("[a\\-z]", "-"));
    cr_assert(!matches("[a\\-z]", "m"));
    cr_assert(matches("a\\", "a\\")); /* nothing follows: itself */
    cr_assert(matches("[\\", "\\"));
}

Test(glob, nocase_ignores_ascii_case_in_letters_classes_and_ranges)
{
    cr_assert(matches_nocase("MAX-*", "max-clients"));
    cr_assert(matches_nocase("[A-C]x", "bX"));
    cr_assert(matches_nocase("[a-c]X", "Bx"));
    cr_assert(matches_nocase("[QZ]", "z"));
    cr_assert(matches_nocase("[\\Q]", "q"));
    cr_assert(matches_nocase("\\Q", "q"));
    cr_assert(!matches_nocase("[A-C]", "d"));
    cr_assert(!matches_nocase("@", "`"));
    cr_assert(!matches_nocase("\xc4", "\xe4"));
}

/* With naive backtracking the first of these takes longer than the age of the world. */
Test(glob, hostile_patterns_take_no_longer_than_pattern_times_text, .timeout = 20)
{
    size_t len = 20000;
    char *text = mem_alloc(len);
    struct bytes a = bytes_of(text, len);

    memset(text, 'a', len);
    cr_assert(!glob_match(BYTES_LITERAL("a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), a));
    cr_assert(!glob_match(BYTES_LITERAL("*a?*[a-z]*a?*[^b]*a*a*a*a*ab"), a));
    cr_assert(glob_match(BYTES_LITERAL("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*"), a));
    mem_free(text);
}

/* The plain recursive definition, for short inputs of stars, question marks and letters. */
static bool matches_by_definition(struct bytes p, struct bytes t)
{
    if (p.len == 0)
        return t.len == 0;
    if (p.data[0] == '*') {
        return matches_by_definition(bytes_of(p.data + 1, p.len - 1), t) ||
               (t.len > 0 && matches_by_definition(p, bytes_of(t.data + 1, t.len - 1)));
    }
    return t.len > 0 && (p.data[0] == '?' || p.data[0] == t.data[0]) &&
           matches_by_definition(bytes_of(p.data + 1, p.len - 1), bytes_of(t.data + 1, t.len - 1));
}

Test(glob, plain_stretches_are_searched_for_in_linear_time, .timeout = 20)
{
    const size_t len = 1000000;
    char *text = mem_alloc(len), *pattern = mem_alloc(len);
    memset(text, 'a', len);
    memset(pattern, 'a', len);
    pattern[0] = pattern[len / 2] = '*';
    pattern[len / 2 - 1] = 'b';
    cr_expect_not(glob_match(bytes_of(pattern, len), bytes_of(text, len)));
    pattern[len / 2 - 1] = 'a';
    pattern[len - 1] = 'b';
    cr_expect_not(glob_match(bytes_of(pattern, len), bytes_of(text, len)));
    pattern[len - 1] = 'a';
    cr_expect(glob_match(bytes_of(pattern, len), bytes_of(text, len)));
    mem_free(text);
    mem_free(pattern);
}

Test(glob, stretches_with_other_elements_are_found_in_little_time, .timeout = 20)
{
    const size_t len = 200000;
    char *text = mem_alloc(len), pattern[4096];
    memset(text, 'a', len);
    memset(pattern, '?', sizeof(pattern));
    pattern[0] = pattern[sizeof(pattern) - 1] = '*';
    pattern[sizeof(pattern) - 2] = 'b';
    for (int i = 0; i < 20; i++)
        cr_expect_not(glob_match(bytes_of(pattern, sizeof(pattern)), bytes_of(text, len)));
    text[len - 1] = 'b';
    cr_expect(glob_match(bytes_of(pattern, sizeof(pattern)), bytes_of(text, len)));
    mem_free(text);
}

/* One stretch between two stars matches where all its elements do. */
static bool found_by_trying(const char *elements, size_t count, struct bytes text)
{
    for (size_t at = 0; at + count <= text.len; at++) {
        size_t same = 0;

        while (same < count && (elements[same] == '?' || elements[same] == text.data[at + same]))
            same++;
        if (same == count)
            return true;
    }
    return false;
}

Test(glob, long_stretches_are_found_where_they_are)
{
    struct random r;
    int matched = 0;

    seed_test(&r);
    for (int i = 0; i < 3000; i++) {
        char pattern[202], text[300];
        size_t count = 1 + random_below(&r, 200), len = 1 + random_below(&r, sizeof(text));
        bool want;

        pattern[0] = pattern[count + 1] = '*';
        for (size_t j = 1; j <= count; j++)
            pattern[j] = random_below(&r, 30) > 0 ? '?' : "ab"[random_below(&r, 2)];
        for (size_t j = 0; j < len; j++)
            text[j] = "ab"[random_below(&r, 2)];
        want = found_by_trying(pattern + 1, count, bytes_of(text, len));
        matched += want;
        cr_assert_eq(glob_match(bytes_of(pattern, count + 2), bytes_of(text, len)), want,
                     "'%.*s' against '%.*s'", (int)count + 2, pattern, (int)len, text);
    }
    cr_assert(matched > 100 && matched < 2900, "%d", matched);
}

Test(glob, agrees_with_the_plain_definition)
{
    struct random r;
    int matched = 0;

    seed_test(&r);
    for (int i = 0; i < 50000; i++) {
        char pattern[8], text[8];
        struct bytes p = bytes_of(pattern, random_below(&r, sizeof(pattern) + 1));
        struct bytes t = bytes_of(text, random_below(&r, sizeof(text) + 1));
        bool want;

        for (size_t j = 0; j < p.len; j++)
            pattern[j] = "ab*?*"[random_below(&r, 5)];
        for (size_t j = 0; j < t.len; j++)
            text[j] = "ab"[random_below(&r, 2)];
        want = matches_by_definition(p, t);
        matched += want;
        cr_assert_eq(glob_match(p, t), want, "'%.*s' against '%.*s'", (int)p.len, p.data,
                     (int)t.len, t.data);
    }
    cr_assert(matched > 1000 && matched < 49000);
}

Test(glob, arbitrary_bytes_never_read_outside_the_pattern)
{
    struct random r;

    seed_test(&r);
    for (int i = 0; i < 20000; i++) {
        size_t pattern_len = random_below(&r, 10), text_len = random_below(&r, 10);
        char *pattern = mem_alloc(pattern_len), *text = mem_alloc(text_len);
        struct bytes p = bytes_of(pattern, pattern_len), t = bytes_of(text, text_len);

        for (size_t j = 0; j < pattern_len; j++)
            pattern[j] = "[]^-\\*?aZ\xff"[random_below(&r, 10)];
        for (size_t j = 0; j < text_len; j++)
            text[j] = "aZ]-\\\xff"[random_below(&r, 6)];
        if (glob_match(p, t)) /* what matches with case also does without */
            cr_assert(glob_match_nocase(p, t) || memchr(pattern, '[', pattern_len) != NULL);
        glob_match_nocase(p, t);
        mem_free(pattern);
        mem_free(text);
    }
}
