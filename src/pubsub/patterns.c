/* SPDX-License-Identifier: BSD-3-Clause */
#include "pubsub/patterns.h"
#include "base/check.h"
#include "base/glob.h"

#define END_BYTES_MAX 64 /* of a literal end that count */

void patterns_init(struct patterns *p)
{
    prefix_tree_init(&p->by_beginning);
    prefix_tree_init(&p->by_end);
    list_init(&p->open);
    p->count = 0;
}

static bool is_special(char c)
{
    return c == '*' || c == '?' || c == '[' || c == '\\';
}

static struct bytes beginning_of(struct bytes glob)
{
    size_t len = 0;

    while (len < glob.len && len < PREFIX_BYTES_MAX && !is_special(glob.data[len]))
        len++;
    return bytes_of(glob.data, len);
}

/* What a match must end with, backwards, in `room`. Where a bracket ends what it encloses depends on what stands before: with
 * one there is no literal end. */
static struct bytes end_of(struct bytes glob, char room[END_BYTES_MAX])
{
    size_t len = 0;

    if (glob.len == 0 || memchr(glob.data, '[', glob.len) != NULL)
        return bytes_of(room, 0);
    while (len < glob.len && len < END_BYTES_MAX && !is_special(glob.data[glob.len - 1 - len])) {
        room[len] = glob.data[glob.len - 1 - len];
        len++;
    }
    return bytes_of(room, len);
}

/* Where a glob is kept: the tree, and under what; NULL: in none. */
static struct prefix_tree *tree_of(struct patterns *p, struct bytes glob, char room[END_BYTES_MAX],
                                   struct bytes *key)
{
    *key = beginning_of(glob);
    if (key->len > 0)
        return &p->by_beginning;
    *key = end_of(glob, room);
    return key->len > 0 ? &p->by_end : NULL;
}

void patterns_add(struct patterns *p, struct pattern *pattern, struct bytes glob)
{
    char room[END_BYTES_MAX];
    struct bytes key;
    struct prefix_tree *tree = tree_of(p, glob, room, &key);

    p->count++;
    pattern->glob = glob;
    list_push_back(tree == NULL ? &p->open : prefix_tree_list(tree, key), &pattern->link);
}

void patterns_remove(struct patterns *p, struct pattern *pattern)
{
    char room[END_BYTES_MAX];
    struct bytes key;
    struct prefix_tree *tree = tree_of(p, pattern->glob, room, &key);
    bool last = pattern->link.next == pattern->link.prev; /* then both are the head */

    p->count--;
    list_remove(&pattern->link);
    if (tree != NULL && last)
        prefix_tree_remove(tree, key);
}

/* Of these the first `known` bytes are literal, and those of the channel. */
static void match_list(const struct list *list, size_t known, struct bytes channel,
                       void (*fn)(void *ctx, struct pattern *pattern), void *ctx)
{
    struct bytes rest = bytes_of(channel.data + known, channel.len - known);

    for (struct list *it = list->next; it != list; it = it->next) {
        struct pattern *pattern = CONTAINER_OF(it, struct pattern, link);

        if (glob_match(bytes_of(pattern->glob.data + known, pattern->glob.len - known), rest))
            fn(ctx, pattern);
    }
}

static struct bytes backwards(struct bytes channel, char room[END_BYTES_MAX])
{
    size_t len = channel.len < END_BYTES_MAX ? channel.len : END_BYTES_MAX;

    for (size_t i = 0; i < len; i++)
        room[i] = channel.data[channel.len - 1 - i];
    return bytes_of(room, len);
}

/* Apart, for few have such patterns, and the room costs something. */
static void match_ends(const struct patterns *p, struct bytes channel,
                       void (*fn)(void *ctx, struct pattern *pattern), void *ctx)
{
    char room[END_BYTES_MAX];
    struct bytes text = backwards(channel, room);
    const struct prefix_node *n = &p->by_end.root;

    while ((n = prefix_node_next(n, text)) != NULL)
        match_list(&n->items, 0, channel, fn, ctx);
}

void patterns_match_any(const struct patterns *p, struct bytes channel,
                        void (*fn)(void *ctx, struct pattern *pattern), void *ctx)
{
    const struct prefix_node *n = &p->by_beginning.root;

    while ((n = prefix_node_next(n, channel)) != NULL)
        match_list(&n->items, n->prefix_len, channel, fn, ctx);
    if (!prefix_tree_empty(&p->by_end))
        match_ends(p, channel, fn, ctx);
    match_list(&p->open, 0, channel, fn, ctx);
}
