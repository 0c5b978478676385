/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <stdio.h>

static const struct bytes orders = BYTES_LITERAL("orders");

Test(catalog, a_created_topic_is_found_at_once_and_durable_when_told)
{
    struct rig b;
    struct awaited a;
    struct topic *t = NULL;

    rig_open(&b);
    awaited_init(&a);
    cr_assert_eq(catalog_create_topic(b.catalog, orders, 3, NULL, 0, &a.change, &b.why, &t),
                 ERR_OK);
    cr_assert_eq(catalog_find(b.catalog, orders), t);
    cr_assert(t->creating);
    cr_assert_eq(catalog_partition_count(b.catalog), 3);
    rig_until(&b, &a.done);
    cr_assert_eq(a.err, ERR_OK);
    cr_assert_not(t->creating);
    cr_assert(rig_exists(&b, "topics/orders.meta"));
    cr_assert(rig_exists(&b, "orders-0/00000000000000000000.log"));
    cr_assert(rig_exists(&b, "orders-2/00000000000000000000.log"));
    rig_close(&b);
}

Test(catalog, topics_and_records_are_there_after_a_restart)
{
    struct rig b;
    struct topic *t;
    char id[sizeof(t->id)];

    rig_open(&b);
    t = rig_topic(&b, "orders", 2);
    memcpy(id, t->id, sizeof(id));
    cr_assert_eq(strlen(id), TOPIC_ID_TEXT_BYTES);
    rig_append_now(&b, topic_partition(t, 1), "one", ACK_SYNCED);
    rig_restart(&b);
    cr_assert_eq(b.recovery.topics, 1);
    cr_assert_eq(b.recovery.partitions, 2);
    cr_assert_eq(b.recovery.partitions_failed, 0);
    t = catalog_find(b.catalog, orders);
    cr_assert_not_null(t);
    cr_assert_str_eq(t->id, id);
    cr_assert_eq(t->partition_count, 2);
    cr_assert_eq(partition_next_offset(topic_partition(t, 1)->log), 1);
    cr_assert_eq(rig_append(topic_partition(t, 1), NULL, "two", ACK_WRITTEN), 1);
    rig_close(&b);
}
