/* SPDX-License-Identifier: BSD-3-Clause */
/* The list that is gone through over many turns. */
#include "base/check.h"
#include "base/roster.h"
#include <criterion/criterion.h>

struct item {
    int name;
    struct roster_entry entry;
};

static struct item a, b, c, d;

static void init(struct roster *r)
{
    a.name = 1, b.name = 2, c.name = 3, d.name = 4;
    roster_init(r);
    roster_add(r, &a.entry);
    roster_add(r, &b.entry);
    roster_add(r, &c.entry);
}

/* The name of the next one, 0 at the end. */
static int next(struct roster *r, struct roster_walk *walk)
{
    struct roster_entry *entry = roster_walk_next(r, walk);
    return entry == NULL ? 0 : CONTAINER_OF(entry, struct item, entry)->name;
}

Test(roster, a_walk_meets_each_once_in_order)
{
    struct roster r;
    struct roster_walk walk;
    init(&r);
    roster_walk_begin(&r, &walk);
    cr_assert_eq(next(&r, &walk), 1);
    cr_assert_eq(next(&r, &walk), 2);
    cr_assert_eq(next(&r, &walk), 3);
    cr_assert_eq(next(&r, &walk), 0);
    cr_assert_eq(next(&r, &walk), 0);
    roster_walk_end(&walk);
    roster_walk_end(&walk);
}

Test(roster, the_current_entry_the_next_and_the_last_may_go)
{
    struct roster r;
    struct roster_walk walk;
    init(&r);
    roster_add(&r, &d.entry);
    roster_walk_begin(&r, &walk);
    cr_assert_eq(next(&r, &walk), 1);
    roster_remove(&a.entry);
    roster_remove(&b.entry);
    cr_assert_eq(next(&r, &walk), 3);
    roster_remove(&d.entry);
    roster_remove(&d.entry);
    cr_assert_eq(next(&r, &walk), 0);
    roster_walk_end(&walk);
}

Test(roster, what_comes_behind_a_walk_is_met)
{
    struct roster r;
    struct roster_walk walk;
    init(&r);
    roster_walk_begin(&r, &walk);
    while (next(&r, &walk) != 3)
        ;
    cr_assert_eq(next(&r, &walk), 0);
    roster_add(&r, &d.entry);
    cr_assert_eq(next(&r, &walk), 4);
    roster_walk_end(&walk);
}

Test(roster, walks_pass_over_each_other)
{
    struct roster r;
    struct roster_walk one, two;
    init(&r);
    roster_walk_begin(&r, &one);
    roster_walk_begin(&r, &two);
    cr_assert_eq(roster_walk_next(&r, &two), &a.entry); /* over the place of the other */
    cr_assert_eq(roster_walk_next(&r, &one), &a.entry);
    cr_assert_eq(roster_walk_next(&r, &one), &b.entry);
    cr_assert_eq(roster_walk_next(&r, &one), &c.entry);
    cr_assert_eq(roster_walk_next(&r, &two), &b.entry);
    cr_assert_eq(roster_walk_next(&r, &two), &c.entry);
    cr_assert_null(roster_walk_next(&r, &two));
    cr_assert_null(roster_walk_next(&r, &one));
    roster_walk_end(&two);
    roster_walk_end(&one);
    for (struct list *it = r.entries.next; it != &r.entries; it = it->next)
        cr_assert_not(CONTAINER_OF(it, struct roster_entry, link)->is_walk);
}

Test(roster, ending_a_walk_that_never_began_is_harmless)
{
    struct roster_walk walk = {0};
    roster_walk_end(&walk);
}
