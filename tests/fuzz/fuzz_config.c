/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes the configuration. The input is cut at lines of "%%": the first part is a file, which may include
 * the others as "1", "2" …; its first line is also a command line and the words of CONFIG SET, and its
 * lines are variables of the environment. Whatever the bytes are, an error comes with one short line and
 * success without, what was accepted is printed in a form that gives the same values again, and a file
 * that is rewritten for other values gives those. */
#include "base/check.h"
#include "base/mem.h"
#include "config/config_rewrite.h"
#include "config/lines.h"
#include "config/words.h"
#include "unit/config/fake_files.h"
#include <stdio.h>

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

static void as_file(struct fake_files *files)
{
    struct buf why = {0};
    struct config c;

    config_init(&c);
    struct config_source s = {.config = &c, .files = &files->files, .why = &why};
    check_said(config_read_file(&s, "m"), &why);
    check_printed(&c);
    config_deinit(&c);
}

/* To the end, every problem has its line. */
static void check_problems(struct fake_files *files)
{
    struct buf why = {0};
    struct config c;
    size_t lines = 0;

    config_init(&c);
    struct config_source s = {
        .config = &c, .files = &files->files, .to_the_end = true, .why = &why};
    enum err err = config_read_file(&s, "m");
    for (size_t i = 0; i < why.len; i++)
        lines += why.data[i] == '\n';
    ASSERT((err == ERR_OK) == (s.problems == 0));
    ASSERT(s.problems == 0 ? why.len == 0 : lines == s.problems - 1);
    buf_deinit(&why);
    config_deinit(&c);
}

static void as_environment(struct bytes text)
{
    enum { VARIABLES_MAX = 64 };
    char *variables[VARIABLES_MAX + 1];
    struct buf why = {0}, variable = {0};
    struct config c;
    size_t count = 0;

    while (text.len > 0 && count < VARIABLES_MAX) {
        buf_clear(&variable);
        buf_append_string(&variable, "ECHOLOG_");
        buf_append_bytes(&variable, line_next(&text));
        variables[count++] = mem_strndup(variable.data, variable.len);
    }
    variables[count] = NULL;
    config_init(&c);
    struct config_source s = {.config = &c, .why = &why};
    check_said(config_read_environment(&s, variables), &why);
    check_printed(&c);
    config_deinit(&c);
    while (count > 0)
        mem_free(variables[--count]);
    buf_deinit(&variable);
}

/* --- rewriting ------------------------------------------------------------------------------------ */

static void read_again(struct fake_files *files, const struct config *running)
{
    struct buf why = {0};
    struct config c;

    config_init(&c);
    struct config_source s = {.config = &c, .files = &files->files, .why = &why};
    enum err err = config_read_file(&s, "m");
    ASSERT(err == ERR_OK);
    ASSERT(configs_equal(&c, running));
    config_deinit(&c);
}

/* A server that runs with the defaults, or with what CONFIG SET makes of them, rewrites the file. */
static void as_rewritten(struct fake_files *files, const struct words *words)
{
    struct buf text = {0}, again = {0}, why = {0};
    struct config running;

    config_init(&running);
    enum err err = config_set(&running, words->items, words->count / 2, NULL, NULL, NULL, &why);
    check_said(err, &why);
    err = config_rewrite(&running, "m", &files->files, &text, &why);
    check_said(err, &why);
    if (err == ERR_OK) {
        fake_files_put(files, "m", buf_bytes(&text));
        read_again(files, &running);
        err = config_rewrite(&running, "m", &files->files, &again, &why);
        ASSERT(err == ERR_OK);
        ASSERT(bytes_equal(buf_bytes(&text), buf_bytes(&again)));
    }
    config_deinit(&running);
    buf_deinit(&text);
    buf_deinit(&again);
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

/* The parts of the input, as files; returns the first. */
static struct bytes make_files(struct bytes input, struct fake_files *files)
{
    struct bytes first = BYTES_NULL, part = bytes_of(input.data, 0);
    char path[16] = "m";

    while (input.len > 0) {
        struct bytes line = line_next(&input);
        bool cut = bytes_equal(line, BYTES_LITERAL("%%")) && files->count + 1 < FAKE_FILES_MAX;

        if (!cut)
            part.len = (size_t)(input.data - part.data);
        if (!cut && input.len > 0)
            continue;
        fake_files_put(files, path, part);
        if (files->count == 1)
            first = part;
        (void)snprintf(path, sizeof(path), "%zu", files->count);
        part = bytes_of(input.data, 0);
    }
    if (files->count == 0)
        fake_files_put(files, path, part);
    return bytes_is_null(first) ? bytes_of("", 0) : first;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fake_files files;
    struct words words;

    fake_files_init(&files);
    struct bytes text = make_files(bytes_of(data, len), &files), rest = text;
    as_file(&files);
    check_problems(&files);
    as_environment(text);
    words_init(&words);
    if (words_split(&words, text.len == 0 ? text : line_next(&rest)) == ERR_OK) {
        as_options(&words);
        as_set(&words);
        as_rewritten(&files, &words);
    }
    words_deinit(&words);
    fake_files_deinit(&files);
    return 0;
}
