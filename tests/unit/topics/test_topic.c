/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include <criterion/criterion.h>
#include <stdio.h>

static enum err check(const char *name, struct buf *why)
{
    why->len = 0;
    return topic_check_name(bytes_of_string(name), why);
}

Test(topic, names_are_of_letters_digits_dot_underscore_and_dash)
{
    struct buf why = {0};

    cr_assert_eq(check("Orders.eu_west-1", &why), ERR_OK);
    cr_assert_eq(check("...", &why), ERR_OK);
    cr_assert_eq(why.len, 0);
    cr_assert_eq(check("", &why), ERR_INVALID);
    cr_assert_eq(check(".", &why), ERR_INVALID);
    cr_assert_eq(check("..", &why), ERR_INVALID);
    cr_assert_eq(check("a/b", &why), ERR_INVALID);
    cr_assert_eq(check("caf\xc3\xa9", &why), ERR_INVALID);
    buf_deinit(&why);
}

Test(topic, a_name_has_at_most_249_bytes)
{
    struct buf why = {0};
    char name[TOPIC_NAME_BYTES_MAX + 2];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    cr_assert_eq(check(name, &why), ERR_INVALID);
    name[TOPIC_NAME_BYTES_MAX] = '\0';
    cr_assert_eq(check(name, &why), ERR_OK);
    buf_deinit(&why);
}

Test(topic, the_sentence_about_a_bad_name_is_one_printable_line)
{
    struct buf why = {0};

    cr_assert_eq(check("a\r\nb", &why), ERR_INVALID);
    buf_append_char(&why, '\0');
    cr_assert_str_eq(why.data, "Illegal topic name 'a??b': allowed are letters, digits, '.', '_' "
                               "and '-'");
    buf_deinit(&why);
}

Test(topic, names_with_two_underscores_in_front_are_internal)
{
    cr_assert(topic_is_internal(BYTES_LITERAL("__consumer_offsets")));
    cr_assert_not(topic_is_internal(BYTES_LITERAL("_a")));
    cr_assert_not(topic_is_internal(BYTES_LITERAL("a__")));
}

/* What Kafka's Java client answers: toPositive(murmur2(key)) % partitions. */
Test(topic, keys_go_where_kafka_puts_them)
{
    static const struct {
        const char *key;
        int32_t murmur2;
    } known[] = {{"21", -973932308},
                 {"foobar", -790332482},
                 {"a-little-bit-long-string", -985981536},
                 {"abc", 479470107}};
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "t", 7);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct topic_partition *tp = topic_partition_for_key(t, bytes_of_string(known[i].key));

        cr_assert_eq(tp->number, (int32_t)((uint32_t)known[i].murmur2 & 0x7fffffff) % 7, "%s",
                     known[i].key);
    }
    rig_close(&r);
}

Test(topic, records_without_a_key_stay_together_for_a_turn_then_move_on)
{
    struct rig r;
    struct topic *t;
    int32_t first;

    rig_open(&r);
    t = rig_topic(&r, "t", 3);
    catalog_begin_turn(r.catalog);
    first = topic_partition_for_key(t, BYTES_NULL)->number;
    cr_assert_eq(topic_partition_for_key(t, BYTES_NULL)->number, first);
    catalog_begin_turn(r.catalog);
    cr_assert_eq(topic_partition_for_key(t, BYTES_NULL)->number, (first + 1) % 3);
    catalog_begin_turn(r.catalog);
    cr_assert_eq(topic_partition_for_key(t, BYTES_NULL)->number, (first + 2) % 3);
    catalog_begin_turn(r.catalog);
    cr_assert_eq(topic_partition_for_key(t, BYTES_NULL)->number, first);
    rig_close(&r);
}

Test(topic, an_empty_key_is_a_key)
{
    struct rig r;
    struct topic *t;
    int32_t place;

    rig_open(&r);
    t = rig_topic(&r, "t", 5);
    place = topic_partition_for_key(t, BYTES_LITERAL(""))->number;
    for (int i = 0; i < 5; i++) {
        catalog_begin_turn(r.catalog);
        cr_assert_eq(topic_partition_for_key(t, BYTES_LITERAL(""))->number, place);
    }
    rig_close(&r);
}

Test(topic, partitions_out_of_range_are_not_found)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "t", 2);
    cr_assert_null(topic_partition(t, -1));
    cr_assert_null(topic_partition(t, 2));
    cr_assert_null(topic_partition(t, INT64_MAX));
    cr_assert_eq(topic_partition(t, 1)->number, 1);
    rig_close(&r);
}
