/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/config/say.h"
#include <criterion/criterion.h>
#include <stdarg.h>

#define WORDS_IN_A_TEST_MAX 80

/* An error comes with a sentence, success without; nothing else is ever returned. */
const char *said(struct buf *why, enum err err)
{
    static char text[2048];

    cr_assert(err == (why->len == 0 ? ERR_OK : ERR_INVALID));
    cr_assert(why->len < sizeof(text));
    if (why->len > 0)
        memcpy(text, why->data, why->len);
    text[why->len] = '\0';
    buf_deinit(why);
    return text;
}

const char *set_one(struct config *c, const struct directive *d, const char *value)
{
    struct buf why = {0};
    enum err err = directive_set(d, c, bytes_of_string(value), &why);

    return said(&why, err);
}

const char *get_one(const struct config *c, const struct directive *d)
{
    static char text[2048];
    struct buf value = {0};

    directive_get(d, c, &value);
    cr_assert(value.len < sizeof(text));
    if (value.len > 0)
        memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    buf_deinit(&value);
    return text;
}

const char *get_named(const struct config *c, const char *name)
{
    const struct directive *d = directive_find(&config_table, bytes_of_string(name));

    cr_assert_not_null(d, "%s", name);
    return get_one(c, d);
}

const char *read_text(struct config *c, const char *text)
{
    struct buf why = {0};
    struct config_source s = {.config = c, .why = &why};
    enum err err = config_read_text(&s, "x.conf", bytes_of_string(text));

    return said(&why, err);
}

const char *read_options(struct config *c, ...)
{
    char *words[WORDS_IN_A_TEST_MAX];
    struct buf why = {0};
    int count = 0;
    va_list args;
    enum err err;

    va_start(args, c);
    while ((words[count] = va_arg(args, char *)) != NULL) {
        count++;
        cr_assert(count < WORDS_IN_A_TEST_MAX);
    }
    va_end(args);
    err = config_read_options(&(struct config_source){.config = c, .why = &why}, count, words);
    return said(&why, err);
}

static const char *set_words(struct config *c, struct list *parts, va_list args)
{
    struct bytes words[WORDS_IN_A_TEST_MAX];
    struct buf why = {0};
    size_t count = 0;
    const char *word;
    enum err err;

    while ((word = va_arg(args, const char *)) != NULL) {
        cr_assert(count < WORDS_IN_A_TEST_MAX);
        words[count++] = bytes_of_string(word);
    }
    cr_assert(count % 2 == 0);
    err = config_set(c, words, count / 2, parts, NULL, NULL, &why);
    return said(&why, err);
}

const char *set_pairs(struct config *c, ...)
{
    const char *text;
    va_list args;

    va_start(args, c);
    text = set_words(c, NULL, args);
    va_end(args);
    return text;
}

const char *set_pairs_with(struct config *c, struct list *parts, ...)
{
    const char *text;
    va_list args;

    va_start(args, parts);
    text = set_words(c, parts, args);
    va_end(args);
    return text;
}
