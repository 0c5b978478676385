/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/check.h"
#include "pubsub/prefix_tree.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

static struct prefix_tree tree;
static struct list items[16];
static const char *prefixes[16];
static size_t item_count;

static void set_up(void)
{
    prefix_tree_init(&tree);
    item_count = 0;
}

static void tear_down(void)
{
    for (size_t i = 0; i < item_count; i++) {
        if (list_empty(&items[i]))
            continue;
        list_remove(&items[i]);
        prefix_tree_remove(&tree, bytes_of_string(prefixes[i]));
    }
}

TestSuite(prefix_tree, .init = set_up, .fini = tear_down);

static void add(const char *prefix)
{
    prefixes[item_count] = prefix;
    list_push_back(prefix_tree_list(&tree, bytes_of_string(prefix)), &items[item_count++]);
}

static void take_out(const char *prefix, size_t item)
{
    list_remove(&items[item]);
    prefix_tree_remove(&tree, bytes_of_string(prefix));
}

/* The lengths of the nodes on the way of a text, those with items in brackets. */
static const char *way(const char *text)
{
    static char out[256];
    char *to = out;

    *to = '\0';
    for (const struct prefix_node *n = &tree.root;
         (n = prefix_node_next(n, bytes_of_string(text))) != NULL;) {
        bool empty = list_empty(&n->items);

        to += snprintf(to, 16, empty ? "%d " : "[%d] ", (int)n->prefix_len);
    }
    return out;
}

Test(prefix_tree, a_text_passes_all_of_its_beginnings)
{
    add("news.");
    add("n");
    add("news.sport.");
    add("notes");
    cr_assert_str_eq(way("news.sport.ball"), "[1] [5] [11] ");
    cr_assert_str_eq(way("news.s"), "[1] [5] ");
    cr_assert_str_eq(way("news"), "[1] ");
    cr_assert_str_eq(way("notes"), "[1] [5] ");
    cr_assert_str_eq(way("x"), "");
    cr_assert_null(prefix_node_next(&tree.root, bytes_of("", 0)));
    cr_assert_str_eq(way(""), "");
}

Test(prefix_tree, what_prefixes_have_in_common_is_one_way)
{
    add("abcd");
    cr_assert_str_eq(way("abcdef"), "[4] ");
    add("abxy");
    cr_assert_str_eq(way("abcdef"), "2 [4] ");
    add("ab");
    cr_assert_str_eq(way("abcdef"), "[2] [4] ");
}

Test(prefix_tree, what_stands_behind_a_text_does_not_count)
{
    add("abcd");
    cr_assert_null(prefix_node_next(&tree.root, bytes_of("abcd", 3)));
    cr_assert_not_null(prefix_node_next(&tree.root, bytes_of("abcdx", 4)));
}

Test(prefix_tree, a_list_stays_in_place_while_others_come_and_go)
{
    const struct list *list = prefix_tree_list(&tree, BYTES_LITERAL("abcd"));

    add("abcd");
    add("abxy");
    add("a");
    take_out("abxy", 1);
    take_out("a", 2);
    cr_assert_eq(prefix_tree_list(&tree, BYTES_LITERAL("abcd")), list);
    cr_assert_eq(list->next, &items[0]);
}

Test(prefix_tree, forks_go_with_their_ways)
{
    add("abcd");
    add("abxy");
    add("ab");
    take_out("ab", 2); /* still a fork */
    cr_assert_str_eq(way("abcd"), "2 [4] ");
    take_out("abxy", 1);
    cr_assert_str_eq(way("abcd"), "[4] ");
    take_out("abcd", 0);
    cr_assert(prefix_tree_empty(&tree));
    cr_assert_null(tree.root.children);
}

Test(prefix_tree, one_that_is_still_on_the_way_of_another_goes_alone)
{
    add("ab");
    add("abcd");
    take_out("ab", 0);
    cr_assert_str_eq(way("abcd"), "[4] ");
    take_out("abcd", 1);
    cr_assert(prefix_tree_empty(&tree));
}

Test(prefix_tree, a_node_has_room_for_every_byte)
{
    static struct list all[256];
    unsigned char bytes[2] = {'p', 0};

    for (size_t i = 0; i < 256; i++) {
        bytes[1] = (unsigned char)i;
        list_push_back(prefix_tree_list(&tree, bytes_of(bytes, 2)), &all[i]);
    }
    for (size_t i = 0; i < 256; i++) {
        const struct prefix_node *n = &tree.root;

        bytes[1] = (unsigned char)i;
        n = prefix_node_next(prefix_node_next(n, bytes_of(bytes, 2)), bytes_of(bytes, 2));
        cr_assert_eq(n->items.next, &all[i]);
    }
    for (size_t i = 0; i < 256; i++) {
        bytes[1] = (unsigned char)(i * 7);
        list_remove(&all[bytes[1]]);
        prefix_tree_remove(&tree, bytes_of(bytes, 2));
    }
    cr_assert(prefix_tree_empty(&tree));
}

Test(prefix_tree, removing_a_prefix_that_has_items_is_our_mistake, .signal = SIGABRT)
{
    add("ab");
    prefix_tree_remove(&tree, BYTES_LITERAL("ab"));
}
