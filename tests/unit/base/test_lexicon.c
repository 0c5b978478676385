/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/lexicon.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const words[] = {"a",
                                    "ab",
                                    "abc",
                                    "abcd",
                                    "abcdefg",
                                    "ping",
                                    "publish",
                                    "punsubscribe",
                                    "produce",
                                    "client|no-evict",
                                    "a-word-of-twenty-one-b"};
#define COUNT (sizeof(words) / sizeof(words[0]))

static size_t find(const struct lexicon *x, const char *word)
{
    return lexicon_find(x, bytes_of_string(word));
}

Test(lexicon, finds_each_word_by_its_number)
{
    struct lexicon x;
    lexicon_init(&x, words, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        cr_assert_eq(find(&x, words[i]), i, "%s", words[i]);
    lexicon_deinit(&x);
}

Test(lexicon, case_does_not_count)
{
    struct lexicon x;
    lexicon_init(&x, words, COUNT);
    cr_assert_eq(find(&x, "PUBLISH"), 6);
    cr_assert_eq(find(&x, "pUnSuBsCrIbE"), 7);
    cr_assert_eq(find(&x, "A"), 0);
    cr_assert_eq(find(&x, "A-Word-OF-twenty-ONE-B"), 10);
    lexicon_deinit(&x);
}

Test(lexicon, finds_nothing_else)
{
    static const char *const others[] = {"",
                                         "b",
                                         "abce",
                                         "abcdef",
                                         "publisher",
                                         "xublish",
                                         "publis",
                                         "pub\xecish",
                                         "a-word-of-twentY-oni-b",
                                         "PRODUCE\xe0",
                                         "client\\no-evict",
                                         "client|no_evict",
                                         "p@blish",
                                         "[ing",
                                         "{ing"};
    struct lexicon x;
    lexicon_init(&x, words, COUNT);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        cr_assert_eq(find(&x, others[i]), LEXICON_NOT_FOUND, "%s", others[i]);
    cr_assert_eq(lexicon_find(&x, BYTES_NULL), LEXICON_NOT_FOUND);
    cr_assert_eq(lexicon_find(&x, BYTES_LITERAL("ping\0")), LEXICON_NOT_FOUND);
    lexicon_deinit(&x);
}

/* What differs from a word in one byte is that word only if the byte differs in case. */
Test(lexicon, one_byte_makes_another_word)
{
    struct lexicon x;
    lexicon_init(&x, words, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        char text[64];
        size_t len = strlen(words[i]);
        memcpy(text, words[i], len);
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                text[at] = (char)byte;
                size_t found = lexicon_find(&x, bytes_of(text, len));
                if (byte_lower(text[at]) == words[i][at])
                    cr_assert_eq(found, i);
                else
                    cr_assert_neq(found, i, "%.*s", (int)len, text);
            }
            text[at] = words[i][at];
        }
    }
    lexicon_deinit(&x);
}

/* As many as there may be, of any kind. */
Test(lexicon, holds_as_many_words_as_it_says)
{
    char(*texts)[32] = calloc(LEXICON_WORDS_MAX, sizeof(*texts));
    const char **many = calloc(LEXICON_WORDS_MAX, sizeof(*many));
    struct lexicon x;
    for (size_t i = 0; i < LEXICON_WORDS_MAX; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%.*s%zu", (int)(i % 17), "long-long-word-|x", i);
        many[i] = texts[i];
    }
    lexicon_init(&x, many, LEXICON_WORDS_MAX);
    for (size_t i = 0; i < LEXICON_WORDS_MAX; i++)
        cr_assert_eq(find(&x, many[i]), i);
    cr_assert_eq(find(&x, "long-long-512x"), LEXICON_NOT_FOUND);
    lexicon_deinit(&x);
    free(many);
    free(texts);
}
