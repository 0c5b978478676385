/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/complete.h"
#include "base/mem.h"
#include "cli/quoting.h"
#include "cli/text.h"
#include "cli/typed.h"
#include <stdlib.h>

/* The prompt's own commands. */
static const char *const own_words[] = {"help", "clear", "quit", "exit"};

/* Arguments whose names are those of things that are there. */
static const struct {
    const char *argument;
    const char *group; /* of the command; NULL: any */
    enum complete_names kind;
} named[] = {
    {"topic", NULL, COMPLETE_TOPICS},         {"topic[/partition]", NULL, COMPLETE_TOPICS},
    {"name", "topic", COMPLETE_TOPICS},       {"group", NULL, COMPLETE_GROUPS},
    {"channel", NULL, COMPLETE_CHANNELS},     {"shardchannel", NULL, COMPLETE_CHANNELS},
    {"parameter", NULL, COMPLETE_DIRECTIVES},
};

/* --- candidates ----------------------------------------------------------------------------------- */

static bool begins_with(struct bytes text, struct bytes beginning)
{
    return text.len >= beginning.len &&
           bytes_equal_nocase(bytes_of(text.data, beginning.len), beginning);
}

static bool is_plain(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] <= ' ' || name.data[i] > '~' || strchr("\"'\\", name.data[i]) != NULL)
            return false;
    return name.len > 0;
}

void completion_offer(struct completion *c, struct bytes name)
{
    if (!begins_with(name, c->word) || c->count == COMPLETE_CANDIDATES_MAX)
        return;
    if (is_plain(name))
        buf_append_bytes(&c->texts, name);
    else
        text_append_quoted(&c->texts, name);
    buf_append_char(&c->texts, '\0');
    c->count++;
}

/* Words of the language come in the case in which they are being typed. */
static void offer_word(void *ctx, struct bytes word)
{
    struct completion *c = ctx;
    struct buf text = {0};
    bool lower = false;

    for (size_t i = 0; i < c->word.len; i++)
        lower |= c->word.data[i] >= 'a' && c->word.data[i] <= 'z';
    for (size_t i = 0; i < word.len; i++) {
        char small = byte_lower(word.data[i]);

        buf_append_char(&text,
                        !lower && small >= 'a' && small <= 'z' ? (char)(small - 'a' + 'A') : small);
    }
    completion_offer(c, buf_bytes(&text));
    buf_deinit(&text);
}

static void offer_entry(void *ctx, struct bytes word, const struct reply *entry)
{
    (void)entry;
    offer_word(ctx, word);
}

static void offer_names(struct completion *c, const struct typed *t, complete_names_fn *names,
                        void *ctx)
{
    struct bytes argument = docs_text(t->expects, "name");
    struct bytes group = docs_text(t->entry, "group");

    for (size_t i = 0; i < COUNT_OF(named); i++) {
        if (bytes_is(argument, named[i].argument) &&
            (named[i].group == NULL || bytes_is(group, named[i].group))) {
            names(ctx, named[i].kind, c);
            return;
        }
    }
}

static void offer(struct completion *c, const struct docs *d, const struct words *before,
                  complete_names_fn *names, void *ctx)
{
    struct typed t;
    bool help = before->count > 0 && bytes_is(before->items[0], "help");

    if (before->count == 0 || (help && before->count == 1)) {
        docs_each(d, offer_entry, c);
        for (size_t i = 0; i < COUNT_OF(own_words) && !help; i++)
            offer_word(c, bytes_of_string(own_words[i]));
        return;
    }
    typed_read(&t, d, before->items + help, before->count - help);
    if (t.entry == NULL)
        return;
    if (before->count - help == 1)
        docs_each_sub(t.entry, offer_entry, c);
    if (help)
        return;
    typed_each_keyword(&t, offer_word, c);
    if (t.expects != NULL)
        offer_names(c, &t, names, ctx);
}

/* --- the whole ------------------------------------------------------------------------------------ */

/* Where the word that is being typed begins: behind the last blank. */
static size_t word_start(struct bytes line)
{
    size_t at = line.len;

    while (at > 0 && line.data[at - 1] != ' ' && line.data[at - 1] != '\t')
        at--;
    return at;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t common_len(const char *a, const char *b, size_t most)
{
    size_t len = 0;

    while (len < most && a[len] != '\0' && a[len] == b[len])
        len++;
    return len;
}

/* Brings the candidates into order, and finds what they share. */
static void settle(struct completion *c)
{
    size_t kept = 0;
    const char *at = c->texts.data;

    c->items = mem_zalloc(c->count + 1, sizeof(*c->items));
    for (size_t i = 0; i < c->count; i++, at += strlen(at) + 1)
        c->items[i] = at;
    qsort(c->items, c->count, sizeof(*c->items), compare_texts);
    for (size_t i = 0; i < c->count; i++)
        if (kept == 0 || strcmp(c->items[kept - 1], c->items[i]) != 0)
            c->items[kept++] = c->items[i];
    c->count = kept;
    c->common = c->count == 0 ? 0 : strlen(c->items[0]);
    for (size_t i = 1; i < c->count; i++)
        c->common = common_len(c->items[0], c->items[i], c->common);
}

void complete(struct completion *c, const struct docs *d, struct bytes line,
              complete_names_fn *names, void *ctx)
{
    struct words before = {0};

    *c = (struct completion){.from = word_start(line)};
    c->word = bytes_of(line.data + c->from, line.len - c->from);
    /* A quote that is open makes the words in front of it no words. */
    if ((c->word.len == 0 || is_plain(c->word)) &&
        words_split(&before, bytes_of(line.data, c->from)))
        offer(c, d, &before, names, ctx);
    settle(c);
    words_deinit(&before);
}

void completion_deinit(struct completion *c)
{
    buf_deinit(&c->texts);
    mem_free(c->items);
    *c = (struct completion){0};
}
