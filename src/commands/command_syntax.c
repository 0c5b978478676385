/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/command_syntax.h"

#define NESTING_MAX 8
#define SEQUENCE_MAX 32 /* of what stands side by side */

struct parser {
    struct syntax *syntax;
    const char *at;
    int nesting;
    bool failed;
};

/* What stands side by side, as indexes of nodes. */
struct sequence {
    int items[SEQUENCE_MAX];
    int count;
    bool dots; /* ended with "..." */
};

static struct syntax_node *node(struct parser *p, int index)
{
    return &p->syntax->nodes[index];
}

static int add_node(struct parser *p, enum syntax_type type, struct bytes text)
{
    if (p->syntax->count == SYNTAX_NODES_MAX) {
        p->failed = true;
        return 0;
    }
    int index = p->syntax->count++;
    *node(p, index) = (struct syntax_node){.type = type,
                                           .text = type == SYNTAX_VALUE ? text : BYTES_NULL,
                                           .token = type == SYNTAX_TOKEN ? text : BYTES_NULL,
                                           .child = SYNTAX_NONE,
                                           .next = SYNTAX_NONE};
    return index;
}

static void push(struct parser *p, struct sequence *s, int index)
{
    if (s->count == SEQUENCE_MAX)
        p->failed = true;
    else
        s->items[s->count++] = index;
}

/* Links items of a sequence to siblings; returns the first. */
static int link_items(struct parser *p, const int *items, int count)
{
    for (int i = 0; i + 1 < count; i++)
        node(p, items[i])->next = items[i + 1];
    return count > 0 ? items[0] : SYNTAX_NONE;
}

/* --- words ---------------------------------------------------------------------------------- */

static bool ends_word(char c)
{
    return c == '\0' || c == ' ' || c == '[' || c == ']' || c == '<' || c == '>' || c == '|';
}

static void skip_blanks(struct parser *p)
{
    while (*p->at == ' ')
        p->at++;
}

static struct bytes read_word(struct parser *p)
{
    const char *from = p->at;
    while (!ends_word(*p->at))
        p->at++;
    return bytes_of(from, (size_t)(p->at - from));
}

static bool is_keyword(struct bytes word)
{
    bool upper = false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] >= 'a' && word.data[i] <= 'z')
            return false;
        upper |= word.data[i] >= 'A' && word.data[i] <= 'Z';
    }
    return upper;
}

/* --- keywords and what belongs to them ------------------------------------------------------- */

static bool is_lone_token(const struct syntax_node *n)
{
    return n->type == SYNTAX_TOKEN && !n->optional && !n->multiple;
}

/* A value, a group of values or a choice that is not introduced by a keyword of its own. */
static bool may_follow_token(const struct syntax_node *n)
{
    return n->type != SYNTAX_TOKEN && !n->optional && bytes_is_null(n->token);
}

/* "IF NOT EXISTS": keywords side by side are one. They stand in one text, so the whole is a stretch of
 * it. */
static int join_tokens(struct parser *p, const struct sequence *s, int *at)
{
    int first = s->items[*at];
    while (*at + 1 < s->count && is_lone_token(node(p, s->items[*at + 1]))) {
        struct bytes last = node(p, s->items[++*at])->token;
        struct bytes *token = &node(p, first)->token;
        token->len = (size_t)(last.data + last.len - token->data);
    }
    return first;
}

/* The keyword at `*at` with the values behind it, as one node. */
static int bind_token(struct parser *p, const struct sequence *s, int *at)
{
    int token = join_tokens(p, s, at);
    int from = *at + 1, count = 0;
    while (from + count < s->count && may_follow_token(node(p, s->items[from + count])))
        count++;
    *at += count;
    if (count == 0)
        return token;
    struct bytes text = node(p, token)->token;
    if (count == 1) {
        node(p, s->items[from])->token = text;
        return s->items[from];
    }
    node(p, token)->type = SYNTAX_BLOCK;
    node(p, token)->child = link_items(p, s->items + from, count);
    return token;
}

static void bind_tokens(struct parser *p, struct sequence *s)
{
    int count = 0;
    for (int at = 0; at < s->count; at++) {
        int index = s->items[at];
        if (is_lone_token(node(p, index)))
            index = bind_token(p, s, &at);
        s->items[count++] = index;
    }
    s->count = count;
}

/* A sequence as one node. */
static int fold(struct parser *p, struct sequence *s)
{
    bind_tokens(p, s);
    if (s->count == 0) {
        p->failed = true;
        return 0;
    }
    if (s->count == 1)
        return s->items[0];
    int block = add_node(p, SYNTAX_BLOCK, BYTES_NULL);
    node(p, block)->child = link_items(p, s->items, s->count);
    return block;
}

/* "x y [x y ...]": the last `count` items of `s` may be repeated. */
static void repeat(struct parser *p, struct sequence *s, int count)
{
    if (count == 0 || count > s->count) {
        p->failed = true;
        return;
    }
    s->count -= count;
    struct sequence group = {.count = count};
    memcpy(group.items, s->items + s->count, (size_t)count * sizeof(group.items[0]));
    bool with_token = is_lone_token(node(p, group.items[0]));
    int index = fold(p, &group);
    node(p, index)->multiple = true;
    node(p, index)->multiple_token = with_token;
    push(p, s, index);
}

/* --- the notation --------------------------------------------------------------------------- */

static void parse_sequence(struct parser *p, struct sequence *s);

/* Up to the closing character: one sequence, or several with bars between. The first one is in `first`,
 * not folded, when it is the only one; else the choice of them is the result. */
static int parse_choice(struct parser *p, char close, struct sequence *first)
{
    int choices[SEQUENCE_MAX];
    int count = 0;
    if (++p->nesting > NESTING_MAX)
        p->failed = true;
    while (!p->failed) {
        struct sequence s = {.count = 0};
        parse_sequence(p, &s);
        char c = *p->at;
        if (c == close && count == 0) {
            *first = s;
            break;
        }
        if ((c != close && c != '|') || count == SEQUENCE_MAX || s.dots) {
            p->failed = true;
            break;
        }
        choices[count++] = fold(p, &s);
        if (c == close)
            break;
        p->at++;
    }
    p->nesting--;
    if (p->failed)
        return SYNTAX_NONE;
    p->at++;
    if (count == 0)
        return SYNTAX_NONE;
    int choice = add_node(p, SYNTAX_ONEOF, BYTES_NULL);
    node(p, choice)->child = link_items(p, choices, count);
    return choice;
}

static void parse_optional(struct parser *p, struct sequence *s)
{
    struct sequence inner = {.count = 0};
    p->at++;
    int index = parse_choice(p, ']', &inner);
    if (p->failed)
        return;
    if (index == SYNTAX_NONE && inner.dots) {
        repeat(p, s, inner.count);
        return;
    }
    if (index == SYNTAX_NONE)
        index = fold(p, &inner);
    node(p, index)->optional = true;
    push(p, s, index);
}

static void parse_required(struct parser *p, struct sequence *s)
{
    struct sequence inner = {.count = 0};
    p->at++;
    int index = parse_choice(p, '>', &inner);
    if (p->failed)
        return;
    push(p, s, index != SYNTAX_NONE ? index : fold(p, &inner));
}

static void parse_sequence(struct parser *p, struct sequence *s)
{
    while (!p->failed) {
        skip_blanks(p);
        if (*p->at == '[') {
            parse_optional(p, s);
        } else if (*p->at == '<') {
            parse_required(p, s);
        } else if (ends_word(*p->at)) {
            return;
        } else {
            struct bytes word = read_word(p);
            if (bytes_equal(word, BYTES_LITERAL("..."))) {
                s->dots = true;
                return;
            }
            push(p, s, add_node(p, is_keyword(word) ? SYNTAX_TOKEN : SYNTAX_VALUE, word));
        }
    }
}

enum err syntax_parse(const char *text, struct syntax *syntax)
{
    struct parser p = {.syntax = syntax, .at = text};
    struct sequence all = {.count = 0};
    syntax->count = 0;
    parse_sequence(&p, &all);
    if (p.failed || all.dots || *p.at != '\0')
        return ERR_INVALID;
    bind_tokens(&p, &all);
    syntax->first = link_items(&p, all.items, all.count);
    return ERR_OK;
}
