/* SPDX-License-Identifier: BSD-3-Clause */
/* The hash table at every stage of its resizing, and against a plain array. */
#include "base/dict.h"
#include "unit/base/seed.h"
#include <signal.h>

#define KEYS_MAX 3000

static const struct hash_key hash_key = {{1, 2, 3}};

static struct bytes name_of(char *text, size_t room, unsigned i)
{
    return bytes_of(text, (size_t)snprintf(text, room, "key-%u", i));
}

Test(dict, an_empty_one_finds_nothing_and_holds_no_memory)
{
    struct dict d;
    struct dict_iter it;

    dict_init(&d, &hash_key);
    cr_assert_null(dict_find(&d, BYTES_LITERAL("a")));
    cr_assert_null(dict_remove(&d, BYTES_LITERAL("a")));
    cr_assert_eq(dict_count(&d), 0);
    cr_assert_eq(dict_memory(&d), 0);
    dict_iter_init(&it, &d);
    cr_assert(!dict_iter_next(&it, NULL, NULL));
    cr_assert(!dict_iter_next(&it, NULL, NULL));
    dict_deinit(&d);
}

Test(dict, keys_are_copied_and_may_hold_any_bytes)
{
    struct dict d;
    char key[] = "a\0b";
    int one, two, three;
    struct bytes own;

    dict_init(&d, &hash_key);
    own = dict_add(&d, bytes_of(key, 3), &one);
    dict_add(&d, bytes_of(key, 1), &two);
    dict_add(&d, BYTES_LITERAL(""), &three);
    key[0] = 'x';
    cr_assert_eq(dict_find(&d, BYTES_LITERAL("a\0b")), &one);
    cr_assert_eq(dict_find(&d, BYTES_LITERAL("a")), &two);
    cr_assert_eq(dict_find(&d, BYTES_NULL), &three);
    cr_assert_null(dict_find(&d, BYTES_LITERAL("x\0b")));
    cr_assert(bytes_equal(own, BYTES_LITERAL("a\0b")));
    cr_assert_eq(own.data[own.len], '\0');
    dict_deinit(&d);
}

Test(dict, adding_a_key_twice_aborts, .signal = SIGABRT)
{
    struct dict d;
    int value;

    dict_init(&d, &hash_key);
    dict_add(&d, BYTES_LITERAL("a"), &value);
    dict_add(&d, BYTES_LITERAL("a"), &value);
}

Test(dict, remove_gives_the_value_back_and_forgets_the_key)
{
    struct dict d;
    int value;

    dict_init(&d, &hash_key);
    dict_add(&d, BYTES_LITERAL("a"), &value);
    cr_assert_eq(dict_remove(&d, BYTES_LITERAL("a")), &value);
    cr_assert_null(dict_remove(&d, BYTES_LITERAL("a")));
    cr_assert_null(dict_find(&d, BYTES_LITERAL("a")));
    cr_assert_eq(dict_count(&d), 0);
    dict_deinit(&d);
}

static size_t visit_all(const struct dict *d, unsigned char *seen, char *base)
{
    struct dict_iter it;
    struct bytes key;
    void *value;
    size_t count = 0;

    memset(seen, 0, KEYS_MAX);
    dict_iter_init(&it, d);
    while (dict_iter_next(&it, &key, &value)) {
        size_t i = (size_t)((char *)value - base);
        char text[32];

        cr_assert_lt(i, KEYS_MAX);
        cr_assert_eq(seen[i]++, 0, "visited twice");
        cr_assert(bytes_equal(key, name_of(text, sizeof(text), (unsigned)i)));
        count++;
    }
    return count;
}

Test(dict, iteration_visits_each_key_once_at_every_stage_of_a_resize)
{
    static char base[KEYS_MAX];
    static unsigned char seen[KEYS_MAX];
    struct dict d;
    char text[32];
    int while_rehashing = 0;

    dict_init(&d, &hash_key);
    for (unsigned i = 0; i < 600; i++) {
        dict_add(&d, name_of(text, sizeof(text), i), &base[i]);
        while_rehashing += d.rehashing;
        cr_assert_eq(visit_all(&d, seen, base), i + 1);
    }
    for (unsigned i = 0; i < 600; i++) {
        dict_remove(&d, name_of(text, sizeof(text), i));
        while_rehashing += d.rehashing;
        cr_assert_eq(visit_all(&d, seen, base), 599 - i);
    }
    cr_assert_gt(while_rehashing, 100);
    dict_deinit(&d);
}

Test(dict, the_table_follows_the_number_of_keys_up_and_down)
{
    static char base[KEYS_MAX];
    struct dict d;
    char text[32];
    size_t full;

    dict_init(&d, &hash_key);
    for (unsigned i = 0; i < KEYS_MAX; i++) {
        dict_add(&d, name_of(text, sizeof(text), i), &base[i]);
        /* never more than two keys to a bucket on average, even in the middle of a resize */
        cr_assert_leq(dict_count(&d), 2 * (d.tables[0].bucket_count + d.tables[1].bucket_count));
    }
    full = dict_memory(&d);
    for (unsigned i = 0; i < KEYS_MAX; i++)
        dict_remove(&d, name_of(text, sizeof(text), i));
    cr_assert_lt(dict_memory(&d), full / 50);
    dict_deinit(&d);
}

/* No single change may do work that grows with the dict: the entries it moves are bounded. */
Test(dict, one_change_moves_only_a_few_entries)
{
    static char base[KEYS_MAX];
    struct dict d;
    char text[32];

    dict_init(&d, &hash_key);
    for (unsigned i = 0; i < KEYS_MAX; i++) {
        size_t before = d.rehashing ? d.tables[0].used : 0;

        dict_add(&d, name_of(text, sizeof(text), i), &base[i]);
        if (before > 0 && d.rehashing)
            cr_assert_leq(before - d.tables[0].used, 24);
        else
            cr_assert_leq(before, 24);
    }
    dict_deinit(&d);
}

/* `recent` may be NULL. Some keys come again and again. */
static void change_at_random(struct dict_recent *recent)
{
    static char base[KEYS_MAX];
    static bool there[KEYS_MAX];
    static unsigned char seen[KEYS_MAX];
    struct dict d;
    struct random r;
    size_t count = 0;

    seed_test(&r);
    dict_init(&d, &hash_key);
    if (recent != NULL)
        dict_remember(&d, recent);
    for (int step = 0; step < 100000; step++) {
        /* Long waves of mostly adding and mostly removing, so that it grows and shrinks. */
        bool adding = random_below(&r, 10) < (step / 12000 % 2 ? 1U : 9U);
        unsigned i = (unsigned)random_below(&r, random_below(&r, 2) ? KEYS_MAX : KEYS_MAX / 100);
        char text[32];
        struct bytes key = name_of(text, sizeof(text), i);

        cr_assert_eq(dict_find(&d, key), there[i] ? &base[i] : NULL);
        if (adding && !there[i])
            dict_add(&d, key, &base[i]);
        else if (!adding)
            cr_assert_eq(dict_remove(&d, key), there[i] ? &base[i] : NULL);
        count = count + (adding && !there[i]) - (!adding && there[i]);
        there[i] = adding;
        cr_assert_eq(dict_count(&d), count);
        if (step % 1000 == 0)
            cr_assert_eq(visit_all(&d, seen, base), count);
    }
    dict_deinit(&d);
}

Test(dict, random_changes_agree_with_a_plain_array)
{
    change_at_random(NULL);
}

Test(dict, random_changes_agree_with_a_plain_array_also_when_it_remembers)
{
    struct dict_recent recent;

    change_at_random(&recent);
}

/* Keys of any length, also with the same ends. */
Test(dict, what_it_remembers_is_the_whole_key)
{
    static const struct bytes keys[] = {
        {"", 0},
        {"a", 1},
        {"ab", 2},
        {"aab", 3},
        {"aaaaaaaa", 8},
        {"aaaaaaaaa", 9},
        {"begin-1-end----", 15},
        {"begin-2-end----", 15},
        {"beginning-1-the-end", 19},
        {"beginning-2-the-end", 19},
        {"beginning-1-of-the-end", 22},
    };
    struct dict d;
    struct dict_recent recent;

    dict_init(&d, &hash_key);
    dict_remember(&d, &recent);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        dict_add(&d, keys[i], (void *)(uintptr_t)&keys[i]);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            cr_assert_eq(dict_find(&d, keys[i]), &keys[i]);
    cr_assert_eq(dict_remove(&d, keys[8]), &keys[8]);
    cr_assert_null(dict_find(&d, keys[8]));
    cr_assert_eq(dict_find(&d, keys[9]), &keys[9]);
    dict_deinit(&d);
}
