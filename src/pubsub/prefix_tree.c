/* SPDX-License-Identifier: BSD-3-Clause */
/* A node without items is there only as a fork, so there are fewer than two nodes for each prefix. */
#include "pubsub/prefix_tree.h"
#include "base/check.h"
#include "base/mem.h"

#define CHILDREN_MIN 2

void prefix_tree_init(struct prefix_tree *t)
{
    *t = (struct prefix_tree){0};
    list_init(&t->root.items);
}

static struct prefix_node *node_create(const char *label, size_t len, size_t prefix_len)
{
    struct prefix_node *n = mem_zalloc(1, sizeof(*n));

    ASSERT(len > 0 && len <= prefix_len && prefix_len <= PREFIX_BYTES_MAX);
    list_init(&n->items);
    n->label = mem_strndup(label, len);
    n->label_len = (uint8_t)len;
    n->prefix_len = (uint8_t)prefix_len;
    return n;
}

static void node_destroy(struct prefix_node *n)
{
    mem_free(n->label);
    mem_free(n->children);
    mem_free(n);
}

/* --- children --------------------------------------------------------------------------------- */

/* The pointers stand first, the bytes behind them. */
static void set_child_cap(struct prefix_node *n, size_t cap)
{
    struct prefix_node **children = NULL;
    unsigned char *firsts = NULL;

    if (cap > 0) {
        children = mem_alloc(cap * (sizeof(*children) + 1));
        firsts = (unsigned char *)(children + cap);
    }
    if (n->child_count > 0) {
        memcpy(children, n->children, n->child_count * sizeof(*children));
        memcpy(firsts, n->firsts, n->child_count);
    }
    mem_free(n->children);
    n->children = children;
    n->firsts = firsts;
    n->child_cap = (uint16_t)cap;
}

static void add_child(struct prefix_node *n, struct prefix_node *child)
{
    if (n->child_count == n->child_cap)
        set_child_cap(n, n->child_cap == 0 ? CHILDREN_MIN : 2 * (size_t)n->child_cap);
    n->children[n->child_count] = child;
    n->firsts[n->child_count++] = (unsigned char)child->label[0];
}

static size_t child_place(const struct prefix_node *n, char first)
{
    const unsigned char *at =
        n->child_count == 0 ? NULL : memchr(n->firsts, (unsigned char)first, n->child_count);

    return at == NULL ? n->child_count : (size_t)(at - n->firsts);
}

static void remove_child(struct prefix_node *n, size_t place)
{
    n->child_count--;
    n->children[place] = n->children[n->child_count];
    n->firsts[place] = n->firsts[n->child_count];
    if (n->child_count == 0)
        set_child_cap(n, 0);
}

/* --- finding and making ------------------------------------------------------------------------- */

static size_t common_len(const struct prefix_node *n, struct bytes rest)
{
    size_t len = 0;

    while (len < n->label_len && len < rest.len && n->label[len] == rest.data[len])
        len++;
    return len;
}

/* Puts a fork into the way to a child, behind the first `len` bytes of its label. */
static struct prefix_node *split(struct prefix_node *parent, size_t place, size_t len)
{
    struct prefix_node *lower = parent->children[place];
    struct prefix_node *upper = node_create(lower->label, len, parent->prefix_len + len);

    lower->label_len = (uint8_t)(lower->label_len - len);
    memmove(lower->label, lower->label + len, lower->label_len);
    add_child(upper, lower);
    parent->children[place] = upper; /* it begins with the same byte */
    return upper;
}

struct list *prefix_tree_list(struct prefix_tree *t, struct bytes prefix)
{
    struct prefix_node *n = &t->root;

    ASSERT(prefix.len <= PREFIX_BYTES_MAX);
    while (n->prefix_len < prefix.len) {
        struct bytes rest = bytes_of(prefix.data + n->prefix_len, prefix.len - n->prefix_len);
        size_t place = child_place(n, rest.data[0]), len;

        if (place == n->child_count) {
            struct prefix_node *leaf = node_create(rest.data, rest.len, prefix.len);

            add_child(n, leaf);
            return &leaf->items;
        }
        len = common_len(n->children[place], rest);
        n = len < n->children[place]->label_len ? split(n, place, len) : n->children[place];
    }
    return &n->items;
}

/* --- removing ----------------------------------------------------------------------------------- */

/* A fork with one way left, and no items, is none: its child takes its place. */
static void join(struct prefix_node *parent, size_t place)
{
    struct prefix_node *n = parent->children[place], *child = n->children[0];
    size_t len = (size_t)n->label_len + child->label_len;
    char *label = mem_alloc(len);

    memcpy(label, n->label, n->label_len);
    memcpy(label + n->label_len, child->label, child->label_len);
    mem_free(child->label);
    child->label = label;
    child->label_len = (uint8_t)len;
    parent->children[place] = child;
    node_destroy(n);
}

/* Takes away the node at that place unless it is needed. */
static void settle(struct prefix_node *parent, size_t place)
{
    struct prefix_node *n = parent->children[place];

    if (!list_empty(&n->items) || n->child_count > 1)
        return;
    if (n->child_count == 1) {
        join(parent, place);
        return;
    }
    remove_child(parent, place);
    node_destroy(n);
}

void prefix_tree_remove(struct prefix_tree *t, struct bytes prefix)
{
    struct prefix_node *n = &t->root, *parent = NULL, *above = NULL;
    char first = 0, first_above = 0;

    while (n->prefix_len < prefix.len) {
        size_t place;

        above = parent;
        parent = n;
        first_above = first;
        first = prefix.data[n->prefix_len];
        place = child_place(n, first);
        ASSERT(place < n->child_count);
        n = n->children[place];
    }
    ASSERT(n->prefix_len == prefix.len && list_empty(&n->items));
    if (parent != NULL)
        settle(parent, child_place(parent, first));
    if (above != NULL)
        settle(above, child_place(above, first_above));
}
