/* SPDX-License-Identifier: BSD-3-Clause */
/* The file is held against what is running by reading it as a start would: so it does not matter what is
 * included where, or which of several lines counts. Knows no file itself. */
#include "config/config_rewrite.h"
#include "base/mem.h"
#include "config/config_place.h"
#include "config/lines.h"
#include "config/value_text.h"
#include "config/words.h"

struct rewrite {
    const struct config *running;
    const char *path;
    const struct config_files *files;
    struct bytes id; /* of the file; null: there is none */
    struct buf *why;
    bool *stale; /* per directive of the table: what is read is not what is running */
    size_t stale_count;
};

static size_t index_of(const struct directive *d)
{
    return (size_t)(d - config_table.items);
}

/* Reads the text in the place of the file, and notes what comes out otherwise than it is running. */
static enum err compare(struct rewrite *r, struct bytes text)
{
    struct config read;
    config_init(&read);
    struct config_source source = {.config = &read, .files = r->files, .why = r->why};
    enum err err = config_read_as(&source, r->path, r->id, text);
    r->stale_count = 0;
    for (size_t i = 0; err == ERR_OK && i < config_table.count; i++) {
        r->stale[i] = !directive_equal(&config_table.items[i], r->running, &read);
        r->stale_count += r->stale[i];
    }
    config_deinit(&read);
    return err;
}

/* --- lines in their place ------------------------------------------------------------------------ */

/* The directive that a line sets, if it is a stale one; or NULL. */
static const struct directive *stale_directive(const struct rewrite *r, struct words *words,
                                               struct bytes line)
{
    if (line_is_comment(line) || words_split(words, line) != ERR_OK)
        return NULL;
    const struct directive *d = directive_find(&config_table, words->items[0]);
    return d != NULL && r->stale[index_of(d)] ? d : NULL;
}

/* The directive's lines as they should be; a file from elsewhere keeps the ends of its lines. */
struct writing {
    struct buf *text;
    const struct directive *directive;
    bool carriage_return;
};

static void write_line(void *ctx, struct bytes value)
{
    struct writing *w = ctx;
    buf_append_string(w->text, w->directive->name);
    buf_append_char(w->text, ' ');
    buf_append_bytes(w->text, value);
    buf_append_string(w->text, w->carriage_return ? "\r\n" : "\n");
}

static void write_directive(const struct rewrite *r, const struct directive *d,
                            bool carriage_return, struct buf *text)
{
    struct writing w = {.text = text, .directive = d, .carriage_return = carriage_return};
    value_text_lines(d, r->running, write_line, &w);
}

static void replace_lines(const struct rewrite *r, struct bytes old, struct buf *text)
{
    size_t *left = mem_zalloc(config_table.count, sizeof(*left)); /* lines to come */
    struct words words;
    words_init(&words);
    for (struct bytes rest = old; rest.len > 0;) {
        const struct directive *d = stale_directive(r, &words, line_next(&rest));
        if (d != NULL)
            left[index_of(d)]++;
    }
    while (old.len > 0) {
        struct bytes line = line_next(&old);
        const struct directive *d = stale_directive(r, &words, line);
        if (d == NULL) {
            buf_append_bytes(text, line);
            if (line.data + line.len < old.data) /* the last one may have no end */
                buf_append_char(text, '\n');
        } else if (--left[index_of(d)] == 0) {
            write_directive(r, d, line.len > 0 && line.data[line.len - 1] == '\r', text);
        }
    }
    words_deinit(&words);
    mem_free(left);
}

/* --- lines at the end ----------------------------------------------------------------------------- */

static bool has_mark(struct bytes text)
{
    while (text.len > 0) {
        struct bytes line = line_next(&text);
        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        if (bytes_equal(line, BYTES_LITERAL(CONFIG_REWRITE_MARK)))
            return true;
    }
    return false;
}

static void append_lines(const struct rewrite *r, struct buf *text)
{
    if (text->len > 0 && text->data[text->len - 1] != '\n')
        buf_append_char(text, '\n');
    if (!has_mark(buf_bytes(text)))
        buf_append_string(text, "\n" CONFIG_REWRITE_MARK "\n");
    for (size_t i = 0; i < config_table.count; i++)
        if (r->stale[i])
            write_directive(r, &config_table.items[i], false, text);
}

/* Why some are still stale: what stands last counts, whatever is included, but for directives that gather
 * lines; or files are being changed at this moment. */
static void say_stale(const struct rewrite *r)
{
    for (size_t i = 0; i < config_table.count; i++) {
        if (!r->stale[i] || (config_table.items[i].flags & DIRECTIVE_LINES) == 0)
            continue;
        buf_printf(r->why, "a file it includes has lines of '%s', and would have to change",
                   config_table.items[i].name);
        return;
    }
    buf_append_string(r->why, "the files it includes are changing");
}

/* --- all of it -------------------------------------------------------------------------------------- */

static enum err rewrite(struct rewrite *r, struct bytes old, struct buf *text)
{
    enum err err = compare(r, old);
    if (err != ERR_OK)
        return err;
    replace_lines(r, old, text);
    err = compare(r, buf_bytes(text));
    if (err != ERR_OK || r->stale_count == 0)
        return err;
    append_lines(r, text);
    err = compare(r, buf_bytes(text));
    if (err == ERR_OK && r->stale_count > 0) {
        say_stale(r);
        err = ERR_INVALID;
    }
    return err;
}

enum err config_rewrite(const struct config *running, const char *path,
                        const struct config_files *files, struct buf *text, struct buf *why)
{
    struct buf old = {0}, id = {0}, reason = {0};
    enum err err = files->read(files, path, &old, &id, &reason);
    struct rewrite r = {
        .running = running,
        .path = path,
        .files = files,
        .id = err == ERR_OK ? buf_bytes(&id) : BYTES_NULL,
        .why = why,
        .stale = mem_zalloc(config_table.count, sizeof(bool)),
    };
    if (err == ERR_OK || err == ERR_NOT_FOUND)
        err = rewrite(&r, buf_bytes(&old), text);
    else
        buf_append_bytes(why, buf_bytes(&reason));
    mem_free(r.stale);
    buf_deinit(&old);
    buf_deinit(&id);
    buf_deinit(&reason);
    return err;
}
