/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes the configuration: the input as a file, and its first line as a command line and as the words
 * of CONFIG SET. Whatever the bytes are, an error comes with one short line and success without, and
 * what was accepted is printed in a form that gives the same values again. */
#include "base/check.h"
#include "base/mem.h"
#include "config/config_source.h"
#include "config/words.h"

#define WHY_BYTES_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_said(enum err err, struct buf *why)
{
    ASSERT(err == ERR_OK || err == ERR_INVALID);
    ASSERT((err == ERR_OK) == (why->len == 0));
    ASSERT(why->len < WHY_BYTES_MAX);
    for (size_t i = 0; i < why->len; i++)
        ASSERT((unsigned char)why->data[i] >= ' ' && why->data[i] != 0x7f);
    buf_deinit(why);
}

static bool configs_equal(const struct config *a, const struct config *b)
{
    for (size_t i = 0; i < config_table.count; i++) {
        if (!directive_equal(&config_table.items[i], a, b))
            return false;
    }
    return true;
}

static void check_printed(const struct config *c)
{
    struct config again;

    config_init(&again);
    for (size_t i = 0; i < config_table.count; i++) {
        const struct directive *d = &config_table.items[i];
        struct buf text = {0}, why = {0};
        enum err err;

        directive_get(d, c, &text);
        err = directive_set(d, &again, buf_bytes(&text), &why);
        ASSERT(err == ERR_OK);
        ASSERT(why.len == 0);
        buf_deinit(&text);
    }
    ASSERT(configs_equal(c, &again));
    config_deinit(&again);
}

static void as_file(struct bytes text)
{
    struct buf why = {0};
    struct config c;

    config_init(&c);
    check_said(
        config_read_text(&(struct config_source){.config = &c, .why = &why}, "fuzz.conf", text),
        &why);
    check_printed(&c);
    config_deinit(&c);
}

static void as_options(const struct words *words)
{
    char *argv[WORDS_MAX];
    struct buf why = {0};
    struct config c;

    for (size_t i = 0; i < words->count; i++)
        argv[i] = mem_strndup(words->items[i].data, words->items[i].len);
    config_init(&c);
    check_said(config_read_options(&(struct config_source){.config = &c, .why = &why},
                                   (int)words->count, argv),
               &why);
    check_printed(&c);
    config_deinit(&c);
    for (size_t i = 0; i < words->count; i++)
        mem_free(argv[i]);
}

static void as_set(const struct words *words)
{
    struct config c, before;
    struct buf why = {0};
    enum err err;

    config_init(&c);
    directives_copy(&config_table, &before, &c);
    err = config_set(&c, words->items, words->count / 2, NULL, NULL, NULL, &why);
    check_said(err, &why);
    ASSERT(err == ERR_OK || configs_equal(&c, &before));
    check_printed(&c);
    config_deinit(&c);
    config_deinit(&before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *end = len == 0 ? NULL : memchr(data, '\n', len);
    struct words words;

    as_file(bytes_of(data, len));
    words_init(&words);
    if (words_split(&words, bytes_of(data, end == NULL ? len : (size_t)(end - data))) == ERR_OK) {
        as_options(&words);
        as_set(&words);
    }
    words_deinit(&words);
    return 0;
}
