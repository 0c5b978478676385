/* SPDX-License-Identifier: BSD-3-Clause */
/* The intrusive list. */
#include "base/check.h"
#include "base/list.h"
#include <criterion/criterion.h>

struct item {
    int name;
    struct list link;
};

static int names_of(struct list *head)
{
    int names = 0;

    LIST_EACH (link, head)
        names = names * 10 + CONTAINER_OF(link, struct item, link)->name;
    return names;
}

Test(list, items_keep_the_order_they_were_pushed_in)
{
    struct item a = {1, {0}}, b = {2, {0}}, c = {3, {0}};
    struct list head;

    list_init(&head);
    cr_assert(list_empty(&head));
    list_push_back(&head, &a.link);
    list_push_back(&head, &b.link);
    list_push_front(&head, &c.link);
    cr_assert_eq(names_of(&head), 312);
}

Test(list, removing_twice_is_harmless)
{
    struct item a = {1, {0}}, b = {2, {0}};
    struct list head;

    list_init(&head);
    list_push_back(&head, &a.link);
    list_push_back(&head, &b.link);
    list_remove(&a.link);
    list_remove(&a.link);
    cr_assert_eq(names_of(&head), 2);
}

Test(list, the_current_item_may_be_removed_during_a_walk)
{
    struct item items[4] = {{1, {0}}, {2, {0}}, {3, {0}}, {4, {0}}};
    struct list head;

    list_init(&head);
    for (int i = 0; i < 4; i++)
        list_push_back(&head, &items[i].link);
    LIST_EACH (link, &head) {
        if (CONTAINER_OF(link, struct item, link)->name % 2 == 0)
            list_remove(link);
    }
    cr_assert_eq(names_of(&head), 13);
}

Test(list, splice_moves_all_and_leaves_nothing)
{
    struct item items[4] = {{1, {0}}, {2, {0}}, {3, {0}}, {4, {0}}};
    struct list to, from;

    list_init(&to);
    list_init(&from);
    list_splice_back(&to, &from);
    cr_assert(list_empty(&to));
    list_push_back(&to, &items[0].link);
    for (int i = 1; i < 4; i++)
        list_push_back(&from, &items[i].link);
    list_splice_back(&to, &from);
    cr_assert_eq(names_of(&to), 1234);
    cr_assert(list_empty(&from));
    cr_assert_eq(to.prev, &items[3].link);
}
