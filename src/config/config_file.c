/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration files, and those they include. The texts come from the caller: no file is opened here. */
#include "base/mem.h"
#include "config/config_place.h"
#include "config/lines.h"
#include "config/quote.h"
#include "config/words.h"

/* --- lines ---------------------------------------------------------------------------------- */

static enum err read_line(struct config_source *s, const struct place *p, struct words *words,
                          struct bytes line)
{
    if (line_is_comment(line))
        return ERR_OK;
    enum err err = words_split(words, line);
    if (err == ERR_OK)
        return place_apply(s, p, words->items[0], words->items + 1, words->count - 1);
    place_begin_problem(s, p);
    if (err == ERR_TOO_LARGE)
        buf_printf(s->why, "more than %d words in a line", WORDS_MAX);
    else
        buf_append_string(s->why, "unbalanced quotes");
    return ERR_INVALID;
}

static enum err read_lines(struct config_source *s, const struct open_file *file, struct bytes text)
{
    struct place place = {.kind = PLACE_LINE, .file = file};
    struct words words;
    enum err err = ERR_OK;

    words_init(&words);
    while ((err == ERR_OK || s->to_the_end) && text.len > 0) {
        place.line++;
        struct bytes line = line_next(&text);
        if (read_line(s, &place, &words, line) != ERR_OK)
            err = ERR_INVALID;
    }
    words_deinit(&words);
    return err;
}

enum err config_read_as(struct config_source *s, const char *name, struct bytes id,
                        struct bytes text)
{
    struct open_file file = {.name = name, .id = id};
    return read_lines(s, &file, text);
}

enum err config_read_text(struct config_source *s, const char *name, struct bytes text)
{
    return config_read_as(s, name, BYTES_NULL, text);
}

/* --- files ---------------------------------------------------------------------------------- */

static enum err read_whole(struct config_source *s, const char *path, struct buf *text,
                           struct buf *id, struct buf *why)
{
    if (s->files == NULL) {
        buf_append_string(why, "files cannot be included here");
        return ERR_INVALID;
    }
    if (s->includes == CONFIG_INCLUDES_MAX) {
        buf_printf(why, "more than %d files", CONFIG_INCLUDES_MAX);
        return ERR_INVALID;
    }
    s->includes++;
    return s->files->read(s->files, path, text, id, why);
}

enum err config_read_file(struct config_source *s, const char *path)
{
    struct buf text = {0}, id = {0}, why = {0};
    enum err err = read_whole(s, path, &text, &id, &why);
    if (err == ERR_OK) {
        err = config_read_as(s, path, buf_bytes(&id), buf_bytes(&text));
    } else {
        err = ERR_INVALID;
        place_begin_problem(s, &(struct place){.kind = PLACE_OPTION});
        buf_append_string(s->why, "cannot read the configuration file '");
        quote_append(s->why, bytes_of_string(path));
        buf_append_string(s->why, "': ");
        buf_append_bytes(s->why, buf_bytes(&why));
    }
    buf_deinit(&text);
    buf_deinit(&id);
    buf_deinit(&why);
    return err;
}

/* --- include -------------------------------------------------------------------------------- */

struct include {
    struct config_source *source;
    const struct place *place;
    bool failed;
};

static void say_include(struct include *in, const char *path, struct bytes cause)
{
    struct config_source *s = in->source;
    place_begin_problem(s, in->place);
    place_name(in->place, BYTES_LITERAL("include"), s->why);
    buf_append_string(s->why, " '");
    quote_append(s->why, bytes_of_string(path));
    buf_append_string(s->why, "': ");
    buf_append_bytes(s->why, cause);
    in->failed = true;
}

/* Why this file cannot be read inside those that are being read, or NULL. */
static const char *refusal(const struct open_file *outer, struct bytes id)
{
    if (outer != NULL && outer->depth + 1 > CONFIG_INCLUDE_DEPTH_MAX)
        return "files include one another too deep";
    for (const struct open_file *it = outer; it != NULL; it = it->outer)
        if (!bytes_is_null(it->id) && bytes_equal(it->id, id))
            return it == outer ? "the file includes itself"
                               : "the file is being read already: it includes itself by way of "
                                 "this one";
    return NULL;
}

static enum err include_file(void *ctx, const char *path)
{
    struct include *in = ctx;
    struct config_source *s = in->source;
    struct buf text = {0}, id = {0}, why = {0};
    enum err err = read_whole(s, path, &text, &id, &why);
    if (err == ERR_OK) {
        const struct open_file *outer = in->place->file;
        const char *cause = refusal(outer, buf_bytes(&id));
        struct open_file file = {
            .outer = outer,
            .name = path,
            .id = buf_bytes(&id),
            .depth = outer == NULL ? 1 : outer->depth + 1,
        };
        if (cause != NULL)
            say_include(in, path, bytes_of_string(cause));
        else if (read_lines(s, &file, buf_bytes(&text)) != ERR_OK)
            in->failed = true;
    } else {
        say_include(in, path, buf_bytes(&why));
    }
    buf_deinit(&text);
    buf_deinit(&id);
    buf_deinit(&why);
    return in->failed && !s->to_the_end ? ERR_INVALID : ERR_OK;
}

enum err include_apply(struct config_source *s, const struct place *p, const struct bytes *words,
                       size_t count)
{
    struct include in = {.source = s, .place = p};
    if (count != 1 || words[0].len == 0 || memchr(words[0].data, '\0', words[0].len) != NULL) {
        place_begin_problem(s, p);
        place_name(p, BYTES_LITERAL("include"), s->why);
        buf_append_string(s->why, " needs the path of a file, a single one");
        return ERR_INVALID;
    }
    char *path = mem_strndup(words[0].data, words[0].len);
    enum err err = s->files != NULL && strpbrk(path, "*?[") != NULL
                       ? s->files->match(s->files, path, include_file, &in)
                       : include_file(&in, path);
    if (err == ERR_ACCESS)
        say_include(&in, path, BYTES_LITERAL("a directory in it cannot be read"));
    mem_free(path);
    return err != ERR_OK || in.failed ? ERR_INVALID : ERR_OK;
}
