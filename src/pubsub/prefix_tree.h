/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of items by a prefix, found for a text by all of its beginnings at once: a radix tree, in which what several
 * prefixes have in common is one way. A look costs the steps down to where the text leaves the tree, a change the
 * length of the prefix; nothing is ever rebuilt as a whole. */
#ifndef ECHOLOG_PUBSUB_PREFIX_TREE_H
#define ECHOLOG_PUBSUB_PREFIX_TREE_H

#include "base/bytes.h"
#include "base/list.h"
#include <stdint.h>

#define PREFIX_BYTES_MAX 255

struct prefix_node {
    struct list items;             /* with the prefix that ends here */
    char *label;                   /* owned; what the prefix has more than that of the parent */
    struct prefix_node **children; /* owned, and the array too */
    unsigned char *firsts;         /* of their labels; in the memory of `children` */
    uint16_t child_count, child_cap;
    uint8_t label_len;
    uint8_t prefix_len; /* all of it */
};

struct prefix_tree {
    struct prefix_node root; /* of the empty prefix */
};

void prefix_tree_init(struct prefix_tree *t); /* an empty one holds no memory */
/* Where items with the prefix, of at most PREFIX_BYTES_MAX, are to be: the list stays in place until it is removed. */
struct list *prefix_tree_list(struct prefix_tree *t, struct bytes prefix);
/* To be called when the last item has left the list. */
void prefix_tree_remove(struct prefix_tree *t, struct bytes prefix);

static inline bool prefix_tree_empty(const struct prefix_tree *t)
{
    return t->root.child_count == 0 && list_empty(&t->root.items);
}

/* The next node on the way of the text, NULL at its end. It begins at the root. */
static inline const struct prefix_node *prefix_node_next(const struct prefix_node *n,
                                                         struct bytes text)
{
    const struct prefix_node *child;
    const unsigned char *first;

    if (n->child_count == 0 || text.len <= n->prefix_len)
        return NULL;
    first = memchr(n->firsts, (unsigned char)text.data[n->prefix_len], n->child_count);
    if (first == NULL)
        return NULL;
    child = n->children[first - n->firsts];
    if (text.len < child->prefix_len ||
        memcmp(text.data + n->prefix_len, child->label, child->label_len) != 0)
        return NULL;
    return child;
}

#endif
