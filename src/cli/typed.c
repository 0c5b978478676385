/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/typed.h"

struct walk {
    struct typed *typed;
    const struct bytes *words;
    size_t count, at;
};

static bool is_type(const struct reply *argument, const char *type)
{
    return bytes_is(docs_text(argument, "type"), type);
}

static bool has_token(const struct reply *argument)
{
    return docs_field(argument, "token") != NULL;
}

static size_t child_count(const struct reply *argument)
{
    const struct reply *children = docs_field(argument, "arguments");

    return children == NULL ? 0 : children->count;
}

static const struct reply *child(const struct reply *argument, size_t i)
{
    return &docs_field(argument, "arguments")->items[i];
}

/* --- reading -------------------------------------------------------------------------------------- */

/* Whether the word is how the argument begins: its keyword, or one of those it offers. */
static bool begins(const struct reply *argument, struct bytes word)
{
    if (has_token(argument))
        return bytes_equal_nocase(docs_text(argument, "token"), word);
    if (!is_type(argument, "oneof"))
        return false;
    for (size_t i = 0; i < child_count(argument); i++)
        if (begins(child(argument, i), word))
            return true;
    return false;
}

/* Takes the words of an argument behind its keyword; what is missing is expected next. */
static void take_values(struct walk *w, const struct reply *argument)
{
    if (is_type(argument, "pure-token"))
        return;
    if (is_type(argument, "block")) {
        for (size_t i = 0; i < child_count(argument) && w->typed->expects == NULL; i++)
            take_values(w, child(argument, i));
        return;
    }
    if (w->at < w->count)
        w->at++;
    else
        w->typed->expects = argument;
}

/* The words of an argument that begins with this one. */
static void take_from_keyword(struct walk *w, const struct reply *argument)
{
    if (has_token(argument)) {
        w->at++;
        take_values(w, argument);
        return;
    }
    for (size_t i = 0; i < child_count(argument); i++) {
        if (begins(child(argument, i), w->words[w->at])) {
            take_from_keyword(w, child(argument, i));
            return;
        }
    }
}

static void note(struct typed *t, size_t i)
{
    t->has[i] = !docs_has_flag(&t->arguments->items[i], "multiple");
}

static size_t argument_count(const struct typed *t)
{
    size_t count = t->arguments == NULL ? 0 : t->arguments->count;

    return count < TYPED_ARGUMENTS_MAX ? count : TYPED_ARGUMENTS_MAX;
}

/* A value without a keyword that may come next. */
static bool is_open_value(const struct typed *t, size_t i)
{
    const struct reply *argument = &t->arguments->items[i];

    return !t->has[i] && !has_token(argument) && !is_type(argument, "pure-token");
}

/* Whether only keywords stand for it: one of several. */
static bool is_keywords_alone(const struct reply *argument)
{
    if (!is_type(argument, "oneof"))
        return false;
    for (size_t i = 0; i < child_count(argument); i++)
        if (!has_token(child(argument, i)))
            return false;
    return true;
}

static void take_argument(struct walk *w)
{
    struct typed *t = w->typed;

    for (size_t i = 0; i < argument_count(t); i++) {
        if (!t->has[i] && begins(&t->arguments->items[i], w->words[w->at])) {
            take_from_keyword(w, &t->arguments->items[i]);
            note(t, i);
            return;
        }
    }
    for (size_t i = 0; i < argument_count(t); i++) {
        if (is_open_value(t, i)) {
            take_values(w, &t->arguments->items[i]);
            note(t, i);
            return;
        }
    }
    w->at++; /* one too many: the server will say so */
}

void typed_read(struct typed *t, const struct docs *d, const struct bytes *words, size_t count)
{
    *t = (struct typed){0};
    t->entry = docs_find(d, words, count, &t->name_words);
    if (t->entry == NULL)
        return;
    t->arguments = docs_field(t->entry, "arguments");
    struct walk w = {.typed = t, .words = words, .count = count, .at = t->name_words};
    while (w.at < w.count)
        take_argument(&w);
    t->in_argument = t->expects != NULL;
    for (size_t i = 0; i < argument_count(t) && t->expects == NULL; i++)
        if (is_open_value(t, i) && !is_keywords_alone(&t->arguments->items[i]))
            t->expects = &t->arguments->items[i];
    while (t->expects != NULL && is_type(t->expects, "block") && child_count(t->expects) > 0)
        t->expects = child(t->expects, 0);
}

/* --- what may come -------------------------------------------------------------------------------- */

void typed_append_hint(const struct typed *t, struct buf *out)
{
    size_t from = out->len;

    if (t->in_argument) {
        struct bytes name = docs_text(t->expects, "name");

        if (is_type(t->expects, "oneof"))
            docs_append_argument(out, t->expects);
        else
            buf_append_bytes(out, name);
    }
    for (size_t i = 0; i < argument_count(t); i++) {
        if (t->has[i])
            continue;
        if (out->len > from)
            buf_append_char(out, ' ');
        docs_append_argument(out, &t->arguments->items[i]);
    }
}

static void each_keyword(const struct reply *argument, void (*fn)(void *, struct bytes), void *ctx)
{
    if (has_token(argument)) {
        fn(ctx, docs_text(argument, "token"));
        return;
    }
    for (size_t i = 0; is_type(argument, "oneof") && i < child_count(argument); i++)
        each_keyword(child(argument, i), fn, ctx);
}

void typed_each_keyword(const struct typed *t, void (*fn)(void *ctx, struct bytes keyword),
                        void *ctx)
{
    if (t->in_argument) {
        for (size_t i = 0; is_type(t->expects, "oneof") && i < child_count(t->expects); i++)
            each_keyword(child(t->expects, i), fn, ctx);
        return;
    }
    for (size_t i = 0; i < argument_count(t); i++)
        if (!t->has[i])
            each_keyword(&t->arguments->items[i], fn, ctx);
}
