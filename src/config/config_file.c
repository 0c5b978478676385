/* SPDX-License-Identifier: BSD-3-Clause */
/* Directives as people write them: lines of a file and options of a command line. Both give a name and
 * words. The text comes from the caller: no file is opened here. */
#include "base/words.h"
#include "config/config.h"
#include "config/quote.h"
#include "config/words.h"

/* Where a directive stands, for the sentence about it. */
struct place {
    const char *file; /* NULL: an option */
    size_t line;
};

static void place_begin(const struct place *p, struct buf *why)
{
    if (p->file != NULL)
        buf_printf(why, "%s:%zu: ", p->file, p->line);
}

static void say_unknown(const struct place *p, struct bytes name, struct buf *why)
{
    const char *nearest = directive_nearest(&config_table, name);
    const char *dashes = p->file == NULL ? "--" : "";

    place_begin(p, why);
    buf_printf(why, "unknown %s '%s", p->file == NULL ? "option" : "directive", dashes);
    quote_append(why, name);
    buf_append_char(why, '\'');
    if (nearest != NULL)
        buf_printf(why, "; did you mean '%s%s'?", dashes, nearest);
}

static void say_word_count(const struct place *p, const struct directive *d,
                           const struct bytes *words, size_t count, struct buf *why)
{
    place_begin(p, why);
    buf_printf(why, "%s%s needs a value", p->file == NULL ? "--" : "", d->name);
    if (count == 0)
        return;
    buf_printf(why, ", a single one, and here are %zu", count);
    if (p->file != NULL && bytes_starts_with(words[1], "#"))
        buf_append_string(why, "; a comment needs a line of its own");
}

static void say_bad_value(const struct place *p, const struct directive *d, struct bytes value,
                          struct bytes cause, struct buf *why)
{
    place_begin(p, why);
    buf_printf(why, "%s%s", p->file == NULL ? "--" : "", d->name);
    if (!(d->flags & DIRECTIVE_SECRET)) {
        buf_append_string(why, " '");
        quote_append(why, value);
        buf_append_char(why, '\'');
    }
    buf_append_string(why, ": ");
    buf_append_bytes(why, cause);
}

static void join(const struct bytes *words, size_t count, struct buf *text)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_char(text, ' ');
        buf_append_bytes(text, words[i]);
    }
}

static enum err apply(struct config *c, const struct place *p, struct bytes name,
                      const struct bytes *words, size_t count, struct buf *why)
{
    const struct directive *d = directive_find(&config_table, name);
    struct buf value = {0}, cause = {0};
    enum err err;

    if (d == NULL) {
        say_unknown(p, name, why);
        return ERR_INVALID;
    }
    if (count == 0 || (count > 1 && !(d->flags & DIRECTIVE_WORDS))) {
        say_word_count(p, d, words, count, why);
        return ERR_INVALID;
    }
    join(words, count, &value);
    err = directive_set(d, c, buf_bytes(&value), &cause);
    if (err != ERR_OK)
        say_bad_value(p, d, buf_bytes(&value), buf_bytes(&cause), why);
    buf_deinit(&value);
    buf_deinit(&cause);
    return err;
}

/* --- the file ------------------------------------------------------------------------------- */

/* Takes the next line, without its end, off the front of `text`. */
static struct bytes next_line(struct bytes *text)
{
    const char *end = memchr(text->data, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    struct bytes line = bytes_of(text->data, len);

    if (end != NULL)
        len++;
    *text = bytes_of(text->data + len, text->len - len);
    return line;
}

static bool is_comment(struct bytes line)
{
    size_t i = 0;

    while (i < line.len && word_is_blank(line.data[i]))
        i++;
    return i == line.len || line.data[i] == '#';
}

static enum err read_line(struct config *c, const struct place *p, struct words *words,
                          struct bytes line, struct buf *why)
{
    enum err err;

    if (is_comment(line))
        return ERR_OK;
    err = words_split(words, line);
    if (err != ERR_OK) {
        place_begin(p, why);
        if (err == ERR_TOO_LARGE)
            buf_printf(why, "more than %d words in a line", WORDS_MAX);
        else
            buf_append_string(why, "unbalanced quotes");
        return ERR_INVALID;
    }
    return apply(c, p, words->items[0], words->items + 1, words->count - 1, why);
}

enum err config_read(struct config *c, const char *name, struct bytes text, struct buf *why)
{
    struct place place = {.file = name};
    struct words words;
    enum err err = ERR_OK;

    words_init(&words);
    while (err == ERR_OK && text.len > 0) {
        struct bytes line = next_line(&text);

        place.line++;
        err = read_line(c, &place, &words, line, why);
    }
    words_deinit(&words);
    return err;
}

/* --- the command line ------------------------------------------------------------------------- */

static bool is_option(const char *word)
{
    return strncmp(word, "--", 2) == 0;
}

enum err config_read_options(struct config *c, int argc, char *const *argv, struct buf *why)
{
    const struct place place = {.file = NULL};
    struct bytes words[WORDS_MAX];
    enum err err = ERR_OK;

    for (int i = 0; err == ERR_OK && i < argc;) {
        struct bytes option = bytes_of_string(argv[i]);
        size_t count = 0;

        if (!is_option(argv[i])) {
            buf_append_char(why, '\'');
            quote_append(why, option);
            buf_append_string(why, "' is not an option: they begin with --");
            return ERR_INVALID;
        }
        for (i++; i < argc && !is_option(argv[i]); i++) {
            if (count == WORDS_MAX) {
                quote_append(why, option);
                buf_printf(why, ": more than %d words", WORDS_MAX);
                return ERR_INVALID;
            }
            words[count++] = bytes_of_string(argv[i]);
        }
        err = apply(c, &place, bytes_of(option.data + 2, option.len - 2), words, count, why);
    }
    return err;
}
