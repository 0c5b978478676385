/* SPDX-License-Identifier: BSD-3-Clause */
/* CONFIG REWRITE of files made by chance, behind changes made by chance: what is read back is what was
 * running, no comment is lost, and doing it again changes nothing. */
#include "config/config_rewrite.h"
#include "config/lines.h"
#include "unit/config/fake_files.h"
#include "unit/config/random_values.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define ROUNDS 3000

static unsigned long long seed_now;

#define HOLDS(condition) cr_assert(condition, "seed %llu: " #condition, seed_now)

static const struct directive *random_directive(struct random *r)
{
    return &config_table.items[random_below(r, config_table.count)];
}

/* As a person might quote it: always, and in one of two ways. */
static void append_value(struct random *r, const struct directive *d, struct bytes value,
                         struct buf *text)
{
    bool bare = value.len > 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];
        bool separates = c == ' ' && (d->flags & DIRECTIVE_WORDS);
        bare = bare && (separates || (c > ' ' && c < 0x7f && strchr("\"'\\", c) == NULL));
    }
    if (bare && random_below(r, 3) > 0) {
        buf_append_bytes(text, value);
        return;
    }
    buf_append_char(text, '"');
    for (size_t i = 0; i < value.len; i++)
        buf_printf(text, "\\x%02x", (unsigned char)value.data[i]);
    buf_append_char(text, '"');
}

static void append_directive(struct random *r, struct buf *text)
{
    const struct directive *d = random_directive(r);
    struct buf value = {0};
    random_value(r, d, &value);
    buf_append_string(text, random_below(r, 4) == 0 ? "\t " : "");
    for (const char *at = d->name; *at != '\0'; at++)
        buf_append_char(text, random_below(r, 4) == 0 ? byte_upper(*at) : *at);
    buf_append_string(text, random_below(r, 4) == 0 ? "  " : " ");
    append_value(r, d, buf_bytes(&value), text);
    buf_deinit(&value);
}

/* `includes`: how many files there are to include. */
static void append_line(struct random *r, size_t includes, struct buf *text)
{
    static const char *const comments[] = {
        "", "# a comment", "   # \"not closed", "\t", "#timeout 5", CONFIG_REWRITE_MARK,
    };
    if (random_below(r, 3) == 0)
        buf_printf(text, "%s", comments[random_below(r, COUNT_OF(comments))]);
    else if (includes > 0 && random_below(r, 10) == 0)
        buf_printf(text, "include i%zu", (size_t)random_below(r, includes));
    else if (includes > 0 && random_below(r, 30) == 0)
        buf_append_string(text, "INCLUDE \"i*\"");
    else
        append_directive(r, text);
}

static void make_file(struct random *r, const char *path, size_t includes, struct fake_files *files)
{
    struct buf text = {0};
    const char *end = random_below(r, 5) == 0 ? "\r\n" : "\n";
    for (size_t lines = random_below(r, 20); lines > 0; lines--) {
        append_line(r, includes, &text);
        if (lines > 1 || random_below(r, 3) > 0)
            buf_append_string(&text, end);
    }
    fake_files_put(files, path, buf_bytes(&text));
    buf_deinit(&text);
}

/* Reads the file as a start would. */
static void start(struct config *c, struct fake_files *files)
{
    struct buf why = {0};
    struct config_source s = {.config = c, .files = &files->files, .why = &why};
    config_init(c);
    cr_assert(config_read_file(&s, "m") == ERR_OK, "%.*s", (int)why.len, buf_bytes(&why).data);
}

/* Some by CONFIG SET, some as the environment and the command line do it. */
static void change(struct random *r, struct config *c)
{
    for (size_t changes = random_below(r, 8); changes > 0; changes--) {
        const struct directive *d = random_directive(r);
        struct buf value = {0}, why = {0};
        if (random_below(r, 4) == 0)
            buf_append_string(&value, d->initial);
        else
            random_value(r, d, &value);
        enum err err;
        if (d->flags & DIRECTIVE_FIXED) {
            err = directive_set(d, c, buf_bytes(&value), &why);
        } else {
            struct bytes pair[] = {bytes_of_string(d->name), buf_bytes(&value)};
            err = config_set(c, pair, 1, NULL, NULL, NULL, &why);
        }
        cr_assert(err == ERR_OK, "seed %llu: %.*s", seed_now, (int)why.len, buf_bytes(&why).data);
        buf_deinit(&value);
    }
}

static void rewrite(const struct config *c, struct fake_files *files, struct buf *text)
{
    struct buf why = {0};
    buf_clear(text);
    enum err err = config_rewrite(c, "m", &files->files, text, &why);
    cr_assert(err == ERR_OK, "seed %llu: %.*s", seed_now, (int)why.len, buf_bytes(&why).data);
}

/* The comments and includes of a text, in their order. */
static void append_kept(struct bytes text, struct buf *kept)
{
    while (text.len > 0) {
        struct bytes line = line_next(&text);
        while (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        size_t blanks = 0;
        while (blanks < line.len && word_is_blank(line.data[blanks]))
            blanks++;
        bool includes =
            line.len - blanks > 7 && bytes_is(bytes_of(line.data + blanks, 7), "include");
        if ((line_is_comment(line) && blanks < line.len) || includes) {
            buf_append_bytes(kept, line);
            buf_append_char(kept, '\n');
        }
    }
}

static void expect_kept(struct bytes before, struct bytes after)
{
    struct buf old = {0}, new = {0};
    append_kept(before, &old);
    append_kept(after, &new);
    bool marked = new.len == old.len + sizeof(CONFIG_REWRITE_MARK);
    HOLDS(marked || new.len == old.len);
    HOLDS(bytes_equal(buf_bytes(&old), bytes_of(buf_bytes(&new).data, old.len)));
    buf_deinit(&old);
    buf_deinit(&new);
}

static void expect_equal(const struct config *a, const struct config *b)
{
    for (size_t i = 0; i < config_table.count; i++)
        cr_assert(directive_equal(&config_table.items[i], a, b), "seed %llu: %s", seed_now,
                  config_table.items[i].name);
}

static void round_of(uint64_t seed)
{
    struct random r;
    struct fake_files files;
    struct config running, again;
    struct buf before = {0}, first = {0}, second = {0};
    seed_now = seed;
    random_seed(&r, seed);
    fake_files_init(&files);
    size_t includes = random_below(&r, 3);
    make_file(&r, "m", includes, &files);
    for (size_t i = 0; i < includes; i++)
        make_file(&r, i == 0 ? "i0" : "i1", 0, &files);
    buf_append_bytes(&before, buf_bytes(&files.items[0].text));

    start(&running, &files);
    change(&r, &running);
    rewrite(&running, &files, &first);
    fake_files_put(&files, "m", buf_bytes(&first));
    expect_kept(buf_bytes(&before), buf_bytes(&first));
    start(&again, &files);
    expect_equal(&running, &again);
    rewrite(&again, &files, &second);
    HOLDS(bytes_equal(buf_bytes(&first), buf_bytes(&second)));

    config_deinit(&running);
    config_deinit(&again);
    fake_files_deinit(&files);
    buf_deinit(&before);
    buf_deinit(&first);
    buf_deinit(&second);
}

/* One of them again: ECHOLOG_SEED=n. */
Test(rewrite_model, what_is_read_back_is_what_was_running)
{
    const char *given = getenv("ECHOLOG_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 1;
    uint64_t end = given != NULL ? seed : ROUNDS;
    for (; seed <= end; seed++) {
        round_of(seed);
    }
}
