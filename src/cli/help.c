/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/help.h"
#include "base/nearest.h"
#include "cli/table.h"
#include "cli/text.h"

struct listing {
    struct table table;
    struct bytes group; /* null: all */
    const char *before; /* a container's name, or "" */
};

static void append_upper(struct buf *out, struct bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        char small = byte_lower(word.data[i]);

        buf_append_char(out, small >= 'a' && small <= 'z' ? (char)(small - 'a' + 'A') : small);
    }
}

static void append_arguments(struct buf *out, const struct reply *entry)
{
    const struct reply *arguments = docs_field(entry, "arguments");

    for (size_t i = 0; arguments != NULL && i < arguments->count; i++) {
        buf_append_char(out, ' ');
        docs_append_argument(out, &arguments->items[i]);
    }
}

/* --- lists ---------------------------------------------------------------------------------------- */

static void list_entry(void *ctx, struct bytes word, const struct reply *entry)
{
    struct listing *l = ctx;
    struct buf name = {0};

    if (!bytes_is_null(l->group) && !bytes_equal_nocase(docs_text(entry, "group"), l->group))
        return;
    buf_append_string(&name, l->before);
    append_upper(&name, word);
    table_word(&l->table, buf_bytes(&name));
    table_text(&l->table, docs_text(entry, "summary"));
    buf_deinit(&name);
}

static void begin_listing(struct listing *l)
{
    table_heading(&l->table, BYTES_LITERAL(""));
    table_heading(&l->table, BYTES_LITERAL(""));
}

/* Without its first line, that of the headings. */
static void end_listing(struct buf *out, const struct style *style, struct listing *l)
{
    struct buf text = {0};

    table_print(&l->table, &text, TABLE_GAP, style->width);
    const char *end = memchr(text.data, '\n', text.len);
    buf_append(out, end + 1, text.len - (size_t)(end + 1 - text.data));
    buf_deinit(&text);
    table_deinit(&l->table);
}

static void help_group(struct buf *out, const struct style *style, const struct docs *d,
                       struct bytes group)
{
    struct listing l = {.group = group, .before = ""};
    size_t from = out->len;

    begin_listing(&l);
    docs_each(d, list_entry, &l);
    end_listing(out, style, &l);
    if (out->len == from)
        buf_printf(out, "There is no group '%.*s' of commands. help lists them.\n", (int)group.len,
                   group.data);
}

/* --- one command ---------------------------------------------------------------------------------- */

/* "PRODUCE topic value [KEY key] …", indented. */
static void append_syntax(struct buf *out, const struct style *style, const struct reply *entry,
                          struct bytes name)
{
    struct buf title = {0}, arguments = {0};

    text_append_spaces(&title, TABLE_GAP);
    append_upper(&title, name);
    style_append(out, style, STYLE_HEADING, buf_bytes(&title));
    append_arguments(&arguments, entry);
    text_append_wrapped(out, buf_bytes(&arguments), title.len, 2 * TABLE_GAP, style->width);
    buf_append_char(out, '\n');
    buf_deinit(&title);
    buf_deinit(&arguments);
}

static void append_name(struct buf *out, const struct bytes *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_char(out, ' ');
        buf_append_bytes(out, words[i]);
    }
}

static void help_entry(struct buf *out, const struct style *style, const struct reply *entry,
                       struct bytes name)
{
    struct buf title = {0};
    struct bytes complexity = docs_text(entry, "complexity");
    struct listing l = {.before = ""};

    buf_append_char(out, '\n');
    append_syntax(out, style, entry, name);
    text_append_spaces(out, TABLE_GAP);
    text_append_wrapped(out, docs_text(entry, "summary"), TABLE_GAP, TABLE_GAP, style->width);
    buf_append_char(out, '\n');
    if (complexity.len > 0)
        buf_printf(out, "  complexity: %.*s\n", (int)complexity.len, complexity.data);
    buf_printf(out, "  since: %.*s   group: %.*s\n", (int)docs_text(entry, "since").len,
               docs_text(entry, "since").data, (int)docs_text(entry, "group").len,
               docs_text(entry, "group").data);
    append_upper(&title, name);
    buf_append_char(&title, ' ');
    buf_append_char(&title, '\0');
    if (docs_field(entry, "subcommands") != NULL) {
        l.before = title.data;
        begin_listing(&l);
        docs_each_sub(entry, list_entry, &l);
        buf_append_char(out, '\n');
        end_listing(out, style, &l);
    }
    buf_append_char(out, '\n');
    buf_deinit(&title);
}

/* --- what may be wrong ------------------------------------------------------------------------------ */

static void offer_name(void *ctx, struct bytes word, const struct reply *entry)
{
    (void)entry;
    nearest_offer(ctx, word.data);
}

/* What the word at `at` may have been meant to be. */
static void suggest(struct buf *out, const struct docs *d, const struct reply *container,
                    const struct bytes *words, size_t at)
{
    struct nearest nearest;

    nearest_init(&nearest, words[at]);
    if (container != NULL)
        docs_each_sub(container, offer_name, &nearest);
    else
        docs_each(d, offer_name, &nearest);
    if (nearest.best == NULL)
        return;
    buf_append_string(out, "Did you mean ");
    if (container != NULL) {
        append_upper(out, words[0]);
        buf_append_char(out, ' ');
    }
    append_upper(out, bytes_of_string(nearest.best));
    buf_append_string(out, "?\n");
}

/* What an unknown command, or sub-command, may have been meant to be. */
static void suggest_command(struct buf *out, const struct docs *d, const struct bytes *words,
                            size_t count)
{
    size_t used = 0;
    const struct reply *entry = docs_find(d, words, count, &used);

    if (entry == NULL)
        suggest(out, d, NULL, words, 0);
    else if (used < count && docs_field(entry, "subcommands") != NULL)
        suggest(out, d, entry, words, used);
}

void help_explain(struct buf *out, const struct style *style, const struct docs *d,
                  const struct bytes *words, size_t count, struct bytes error)
{
    size_t used = 0;
    const struct reply *entry = docs_find(d, words, count, &used);

    if (bytes_starts_with(error, "ERR unknown command") ||
        bytes_starts_with(error, "ERR unknown subcommand")) {
        suggest_command(out, d, words, count);
    } else if (entry != NULL && (bytes_starts_with(error, "ERR wrong number of arguments") ||
                                 bytes_starts_with(error, "ERR syntax error"))) {
        struct buf name = {0};

        append_name(&name, words, used);
        append_syntax(out, style, entry, buf_bytes(&name));
        if (docs_field(entry, "subcommands") != NULL)
            buf_printf(out, "  help %.*s lists what may follow.\n", (int)name.len, name.data);
        buf_deinit(&name);
    }
}

/* --- a command by its name ------------------------------------------------------------------------- */

static void help_command(struct buf *out, const struct style *style, const struct docs *d,
                         const struct bytes *words, size_t count)
{
    size_t used = 0;
    const struct reply *entry = docs_find(d, words, count, &used);
    struct buf name = {0};

    if (entry == NULL || used < count) {
        buf_printf(out, "There is no command '%.*s'. help lists the groups of commands.\n",
                   (int)words[used].len, words[used].data);
        suggest_command(out, d, words, count);
        return;
    }
    append_name(&name, words, used);
    help_entry(out, style, entry, buf_bytes(&name));
    buf_deinit(&name);
}

/* --- the overview --------------------------------------------------------------------------------- */

#define GROUPS_MAX 64

struct groups {
    struct bytes names[GROUPS_MAX];
    size_t count;
};

static void note_group(void *ctx, struct bytes word, const struct reply *entry)
{
    struct groups *g = ctx;
    struct bytes group = docs_text(entry, "group");

    (void)word;
    for (size_t i = 0; i < g->count; i++)
        if (bytes_equal(g->names[i], group))
            return;
    if (g->count < GROUPS_MAX)
        g->names[g->count++] = group;
}

static void help_overview(struct buf *out, const struct docs *d)
{
    struct groups groups = {0};

    buf_append_string(
        out, "echolog-cli " ECHOLOG_VERSION "\n"
             "Type a command with its arguments, for example:\n"
             "  PRODUCE news \"hello, world\"     write a record to the topic 'news'\n"
             "  FETCH news 0 EARLIEST           read partition 0 of 'news' from its start\n"
             "  SUBSCRIBE alerts                hear a channel\n"
             "Tab completes commands, options and names; the right edge shows what may follow.\n"
             "A quote that is open at the end of a line goes on in the next one.\n"
             "  help PRODUCE                    what a command does\n");
    docs_each(d, note_group, &groups);
    for (size_t i = 0; i < groups.count; i++)
        buf_printf(out, "%s@%.*s%s", i == 0 ? "  help " : " ", (int)groups.names[i].len,
                   groups.names[i].data, i + 1 == groups.count ? "\n" : "");
    buf_append_string(out,
                      "  5 PING                          does it five times\n"
                      "help, clear, connect host port, and quit (or exit, Ctrl-D) are the prompt's "
                      "own.\n");
}

void help_append(struct buf *out, const struct style *style, const struct docs *d,
                 const struct bytes *words, size_t count)
{
    if (count == 0)
        help_overview(out, d);
    else if (words[0].len > 0 && words[0].data[0] == '@')
        help_group(out, style, d, bytes_of(words[0].data + 1, words[0].len - 1));
    else
        help_command(out, style, d, words, count);
}
