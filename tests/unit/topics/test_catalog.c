/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

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

/* --- creation -------------------------------------------------------------------------------- */

static enum err create(struct rig *r, const char *name, int64_t partitions)
{
    struct topic *t;

    return catalog_create_topic(r->catalog, bytes_of_string(name), partitions, NULL, 0, NULL,
                                &r->why, &t);
}

Test(catalog, a_refused_creation_changes_nothing_and_says_why)
{
    struct rig r;
    struct topic *t;
    struct bytes bad[] = {BYTES_LITERAL("retention.mss"), BYTES_LITERAL("1")};

    rig_open(&r);
    rig_topic(&r, "orders", 1);
    cr_assert_eq(create(&r, "orders", 1), ERR_EXISTS);
    cr_assert_str_eq(rig_why(&r), "There is a topic 'orders' already");
    cr_assert_eq(create(&r, "a b", 1), ERR_INVALID);
    rig_why(&r);
    cr_assert_eq(create(&r, "new", 0), ERR_INVALID);
    cr_assert_str_eq(rig_why(&r), "A topic has at least 1 partition, not 0");
    cr_assert_eq(create(&r, "new", TOPIC_PARTITIONS_MAX), ERR_LIMIT);
    cr_assert_str_eq(rig_why(&r), "All topics together can have at most 100000 partitions");
    cr_assert_eq(create(&r, "new", INT64_MAX), ERR_LIMIT);
    rig_why(&r);
    cr_assert_eq(catalog_create_topic(r.catalog, BYTES_LITERAL("new"), 1, bad, 1, NULL, &r.why, &t),
                 ERR_INVALID);
    cr_assert_str_eq(rig_why(&r),
                     "Unknown topic config 'retention.mss'; did you mean 'retention.ms'?");
    cr_assert_eq(catalog_topic_count(r.catalog), 1);
    cr_assert_eq(catalog_partition_count(r.catalog), 1);
    rig_close(&r);
}

Test(catalog, a_creation_that_fails_takes_the_topic_and_its_records_back)
{
    struct rig r;
    struct awaited a;
    struct awaited_ack written;
    struct topic *t;

    rig_open(&r);
    rig_mkdir(&r, "topics/orders.meta"); /* where the file should go */
    awaited_init(&a);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 1, NULL, 0, &a.change, &r.why, &t),
                 ERR_OK);
    rig_append_wait(topic_partition(t, 0), "a", ACK_WRITTEN, &written);
    rig_until(&r, &a.done);
    cr_assert_neq(a.err, ERR_OK);
    cr_assert(written.done);
    cr_assert_eq(written.err, a.err);
    cr_assert_null(catalog_find(r.catalog, orders));
    cr_assert_eq(catalog_partition_count(r.catalog), 0);
    rig_until_idle(&r);
    cr_assert_not(rig_exists(&r, "orders-0"));
    rig_close(&r);
}

Test(catalog, nothing_is_acknowledged_before_the_topic_is_durable)
{
    struct rig r;
    struct awaited a;
    struct awaited_ack written, synced;
    struct topic *t;

    rig_open(&r);
    awaited_init(&a);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 1, NULL, 0, &a.change, &r.why, &t),
                 ERR_OK);
    rig_append_wait(topic_partition(t, 0), "a", ACK_WRITTEN, &written);
    rig_append_wait(topic_partition(t, 0), "b", ACK_SYNCED, &synced);
    while (!a.done) {
        cr_assert_not(written.done);
        cr_assert_not(synced.done);
        rig_turn_and_wait(&r);
    }
    cr_assert(rig_exists(&r, "topics/orders.meta"));
    rig_until(&r, &synced.done);
    cr_assert(written.done);
    cr_assert_eq(written.err, ERR_OK);
    cr_assert_eq(synced.err, ERR_OK);
    rig_close(&r);
}

Test(catalog, a_crash_before_the_topic_is_durable_leaves_no_topic)
{
    struct rig r, after;
    struct topic *t;
    char aside[128];

    rig_open(&r);
    t = rig_topic(&r, "orders", 2);
    rig_append_now(&r, topic_partition(t, 0), "a", ACK_WRITTEN);
    snprintf(aside, sizeof(aside), "topics/.new-%s", t->id);
    rig_crash_copy_renamed(&r, "topics/orders.meta", aside, &after);
    cr_assert_null(catalog_find(after.catalog, orders));
    cr_assert_not(rig_exists(&after, "orders-0"));
    cr_assert_not(rig_exists(&after, "orders-1"));
    cr_assert_not(rig_exists(&after, aside));
    t = rig_topic(&after, "orders", 1);
    cr_assert_eq(rig_append(topic_partition(t, 0), NULL, "new", ACK_SYNCED), 0);
    rig_close(&after);
    rig_close(&r);
}

Test(catalog, a_crash_in_the_middle_of_a_growth_leaves_the_old_number)
{
    struct rig r, after;
    struct topic *t;
    struct awaited a;
    char aside[128], *before;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    rig_append_now(&r, topic_partition(t, 0), "a", ACK_WRITTEN);
    before = rig_read_file(&r, "topics/orders.meta");
    awaited_init(&a);
    cr_assert_eq(catalog_grow_topic(r.catalog, t, 3, false, &a.change, &r.why), ERR_OK);
    rig_until(&r, &a.done);
    rig_append_now(&r, topic_partition(t, 2), "b", ACK_WRITTEN);
    snprintf(aside, sizeof(aside), "topics/.new-%s", t->id);
    rig_rename(&r, "topics/orders.meta", aside);
    rig_write_file(&r, "topics/orders.meta", before);
    rig_crash_copy(&r, &after);
    t = catalog_find(after.catalog, orders);
    cr_assert_eq(t->partition_count, 1);
    cr_assert_eq(partition_next_offset(topic_partition(t, 0)->log), 1);
    cr_assert_not(rig_exists(&after, "orders-1"));
    cr_assert_not(rig_exists(&after, "orders-2"));
    cr_assert_not(rig_exists(&after, aside));
    mem_free(before);
    rig_close(&after);
    rig_close(&r);
}

Test(catalog, the_file_of_a_topic_is_put_in_place_after_its_partitions)
{
    struct rig r;
    struct awaited a;
    struct topic *t;

    rig_open(&r);
    rig_stop(&r);
    r.sync_workers = 4;
    rig_start(&r);
    rig_fault(&r, RIG_MKDIR_HANGS);
    awaited_init(&a);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 2, NULL, 0, &a.change, &r.why, &t),
                 ERR_OK);
    for (int i = 0; i < 50; i++) {
        rig_turn_and_wait(&r);
        cr_assert_not(a.done);
        cr_assert_not(rig_exists(&r, "topics/orders.meta"));
    }
    rig_fault(&r, RIG_NO_FAULT);
    rig_until(&r, &a.done);
    cr_assert_eq(a.err, ERR_OK);
    cr_assert(rig_exists(&r, "topics/orders.meta"));
    rig_close(&r);
}

Test(catalog, the_longest_name_can_be_created_and_found_again)
{
    struct rig r;
    char name[TOPIC_NAME_BYTES_MAX + 1];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    rig_open(&r);
    rig_append_now(&r, topic_partition(rig_topic(&r, name, 1), 0), "a", ACK_SYNCED);
    rig_restart(&r);
    cr_assert_eq(catalog_topic_count(r.catalog), 1);
    cr_assert_eq(partition_next_offset(
                     topic_partition(catalog_find(r.catalog, bytes_of_string(name)), 0)->log),
                 1);
    rig_delete(&r, catalog_find(r.catalog, bytes_of_string(name)));
    rig_until_idle(&r);
    rig_restart(&r);
    cr_assert_eq(catalog_topic_count(r.catalog), 0);
    rig_close(&r);
}

Test(catalog, commands_on_a_topic_that_is_being_created_wait_in_order)
{
    struct rig r;
    struct awaited created, set, grown, deleted;
    struct bytes pair[] = {BYTES_LITERAL("retention.ms"), BYTES_LITERAL("1234")};
    struct topic *t;

    rig_open(&r);
    awaited_init(&created);
    awaited_init(&set);
    awaited_init(&grown);
    awaited_init(&deleted);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 1, NULL, 0, &created.change, &r.why, &t),
                 ERR_OK);
    topic_ref(t);
    cr_assert_eq(catalog_set_config(r.catalog, t, pair, 1, &set.change, &r.why), ERR_OK);
    cr_assert_eq(catalog_grow_topic(r.catalog, t, 3, false, &grown.change, &r.why), ERR_OK);
    rig_until(&r, &created.done);
    cr_assert_not(set.done);
    rig_until(&r, &set.done);
    cr_assert_eq(t->config.retention_ms, 1234);
    cr_assert_not(grown.done);
    rig_until(&r, &grown.done);
    cr_assert_eq(t->partition_count, 3);
    cr_assert_eq(created.err | set.err | grown.err, ERR_OK);
    cr_assert_eq(catalog_set_config(r.catalog, t, pair, 1, &set.change, &r.why), ERR_OK);
    set.done = false;
    catalog_delete_topic(r.catalog, t, &deleted.change);
    rig_until(&r, &deleted.done);
    cr_assert(set.done);
    cr_assert_eq(deleted.err, ERR_OK);
    cr_assert_eq(catalog_set_config(r.catalog, t, pair, 1, NULL, &r.why), ERR_NOT_FOUND);
    cr_assert_eq(catalog_grow_topic(r.catalog, t, 5, true, NULL, &r.why), ERR_NOT_FOUND);
    topic_unref(t);
    rig_until_idle(&r);
    rig_close(&r);
}

/* --- deletion -------------------------------------------------------------------------------- */

Test(catalog, a_deleted_topic_is_not_found_at_once_and_gone_for_good)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "orders", 2);
    rig_append_now(&r, topic_partition(t, 0), "a", ACK_SYNCED);
    catalog_delete_topic(r.catalog, t, NULL);
    cr_assert_null(catalog_find(r.catalog, orders));
    cr_assert_eq(catalog_partition_count(r.catalog), 0);
    rig_until_idle(&r);
    cr_assert_not(rig_exists(&r, "topics/orders.meta"));
    cr_assert_not(rig_exists(&r, "orders-0"));
    cr_assert_not(rig_exists(&r, "orders-1"));
    rig_restart(&r);
    cr_assert_eq(catalog_topic_count(r.catalog), 0);
    rig_close(&r);
}

Test(catalog, nothing_is_left_of_a_deletion_but_the_topics_directory)
{
    struct rig r;

    rig_open(&r);
    rig_delete(&r, rig_topic(&r, "orders", 2));
    rig_until_idle(&r);
    cr_assert_eq(rig_count(&r, ""), 1);
    cr_assert_eq(rig_count(&r, "topics"), 0);
    rig_close(&r);
}

Test(catalog, a_topic_created_again_under_the_same_name_inherits_nothing)
{
    struct rig r, after;
    struct topic *t;
    struct awaited deleted, created;
    char id[TOPIC_ID_TEXT_BYTES + 1];

    rig_open(&r);
    t = rig_topic(&r, "orders", 2);
    memcpy(id, t->id, sizeof(id));
    rig_append_now(&r, topic_partition(t, 0), "old", ACK_SYNCED);
    awaited_init(&deleted);
    awaited_init(&created);
    catalog_delete_topic(r.catalog, t, &deleted.change);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 1, NULL, 0, &created.change, &r.why, &t),
                 ERR_OK);
    cr_assert_str_neq(t->id, id);
    cr_assert_eq(rig_append(topic_partition(t, 0), NULL, "new", ACK_SYNCED), 0);
    rig_until(&r, &created.done);
    cr_assert(deleted.done);
    cr_assert_eq(created.err, ERR_OK);
    rig_until_idle(&r);
    rig_crash_copy(&r, &after);
    t = catalog_find(after.catalog, orders);
    cr_assert_eq(t->partition_count, 1);
    cr_assert_str_neq(t->id, id);
    cr_assert_eq(partition_next_offset(topic_partition(t, 0)->log), 1);
    cr_assert_eq(catalog_topic_count(after.catalog), 1);
    rig_close(&after);
    rig_close(&r);
}

Test(catalog, a_name_whose_directories_are_gone_uses_them_again)
{
    struct rig r;

    rig_open(&r);
    rig_delete(&r, rig_topic(&r, "orders", 1));
    rig_until_idle(&r);
    rig_topic(&r, "orders", 1);
    cr_assert(rig_exists(&r, "orders-0/00000000000000000000.log"));
    rig_close(&r);
}

Test(catalog, a_topic_deleted_while_it_is_created_leaves_nothing)
{
    struct rig r;
    struct awaited created, deleted;
    struct topic *t;

    rig_open(&r);
    awaited_init(&created);
    awaited_init(&deleted);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 2, NULL, 0, &created.change, &r.why, &t),
                 ERR_OK);
    catalog_delete_topic(r.catalog, t, &deleted.change);
    rig_until(&r, &deleted.done);
    cr_assert(created.done);
    cr_assert_eq(deleted.err, ERR_OK);
    rig_until_idle(&r);
    cr_assert_eq(rig_count(&r, ""), 1);
    cr_assert_eq(rig_count(&r, "topics"), 0);
    rig_close(&r);
}

Test(catalog, a_crash_in_the_middle_of_a_deletion_ends_it_at_the_next_start)
{
    struct rig r;
    struct topic *t;
    char gone[128];

    rig_open(&r);
    t = rig_topic(&r, "orders", 2);
    rig_append_now(&r, topic_partition(t, 1), "a", ACK_SYNCED);
    snprintf(gone, sizeof(gone), "topics/.gone-%s", t->id);
    rig_stop(&r);
    rig_rename(&r, "topics/orders.meta", gone); /* that far it had come */
    rig_start(&r);
    cr_assert_null(catalog_find(r.catalog, orders));
    cr_assert_not(rig_exists(&r, "orders-0"));
    cr_assert_not(rig_exists(&r, "orders-1"));
    cr_assert_not(rig_exists(&r, gone));
    rig_close(&r);
}

/* --- stopping -------------------------------------------------------------------------------- */

Test(catalog, a_stop_finishes_a_creation)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 2, NULL, 0, NULL, &r.why, &t), ERR_OK);
    rig_append(topic_partition(t, 1), NULL, "a", ACK_NONE);
    rig_restart(&r);
    t = catalog_find(r.catalog, orders);
    cr_assert_not_null(t);
    cr_assert_eq(partition_next_offset(topic_partition(t, 1)->log), 1);
    rig_close(&r);
}

Test(catalog, a_stop_finishes_a_deletion)
{
    struct rig r;

    rig_open(&r);
    catalog_delete_topic(r.catalog, rig_topic(&r, "orders", 2), NULL);
    rig_restart(&r);
    cr_assert_null(catalog_find(r.catalog, orders));
    cr_assert_eq(rig_count(&r, ""), 1);
    cr_assert_eq(rig_count(&r, "topics"), 0);
    rig_close(&r);
}

Test(catalog, a_stop_ends_waits_that_nobody_cancelled)
{
    struct rig r;
    struct awaited_ack a;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    rig_append_wait(topic_partition(t, 0), "a", ACK_SYNCED, &a);
    rig_restart(&r);
    cr_assert(a.done);
    cr_assert_eq(a.err, ERR_FAILED);
    rig_close(&r);
}

/* --- growth ---------------------------------------------------------------------------------- */

static enum err grow(struct rig *r, struct topic *t, int64_t partitions, bool remap)
{
    struct awaited a;
    enum err err;

    awaited_init(&a);
    err = catalog_grow_topic(r->catalog, t, partitions, remap, &a.change, &r->why);
    if (err != ERR_OK)
        return err;
    rig_until(r, &a.done);
    return a.err;
}

Test(catalog, a_topic_grows_and_stays_grown)
{
    struct rig r;
    struct topic *t;
    struct topic_partition *first;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    first = topic_partition(t, 0);
    rig_append_now(&r, first, "a", ACK_SYNCED);
    cr_assert_eq(grow(&r, t, 3, false), ERR_OK);
    cr_assert_eq(t->partition_count, 3);
    cr_assert_eq(catalog_partition_count(r.catalog), 3);
    cr_assert_eq(topic_partition(t, 0), first);
    rig_append_now(&r, topic_partition(t, 2), "b", ACK_SYNCED);
    rig_restart(&r);
    t = catalog_find(r.catalog, orders);
    cr_assert_eq(t->partition_count, 3);
    cr_assert_eq(partition_next_offset(topic_partition(t, 0)->log), 1);
    cr_assert_eq(partition_next_offset(topic_partition(t, 2)->log), 1);
    rig_close(&r);
}

Test(catalog, a_topic_does_not_shrink)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "orders", 2);
    cr_assert_eq(grow(&r, t, 2, true), ERR_INVALID);
    cr_assert_str_eq(rig_why(&r),
                     "Topic 'orders' has 2 partitions, and their number can only grow");
    cr_assert_eq(grow(&r, t, 1, true), ERR_INVALID);
    cr_assert_eq(grow(&r, t, TOPIC_PARTITIONS_MAX + 1, true), ERR_LIMIT);
    cr_assert_eq(t->partition_count, 2);
    rig_close(&r);
}

Test(catalog, growth_of_a_topic_with_keys_must_be_asked_for)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    rig_append(topic_partition(t, 0), "key", "a", ACK_NONE);
    cr_assert_eq(grow(&r, t, 2, false), ERR_INVALID);
    cr_assert_eq(grow(&r, t, 2, true), ERR_OK);
    rig_restart(&r);
    t = catalog_find(r.catalog, orders);
    cr_assert_eq(grow(&r, t, 3, false), ERR_INVALID, "the records that were there may have keys");
    cr_assert_eq(grow(&r, t, 3, true), ERR_OK);
    rig_close(&r);
}

static enum err rename_hangs(struct disk *d, const char *from, const char *to)
{
    struct rig *r = CONTAINER_OF((uintptr_t)d->ops, struct rig, faulty_ops);

    while (atomic_load(&r->mkdir_hangs))
        usleep(100);
    return r->disk_ops->rename(d, from, to);
}

/* Asks for a growth that comes to a stand while its directories are made, or while its file is put in place;
 * a record with a key comes; then it goes on. */
static void grow_while_a_key_comes(bool at_rename)
{
    struct rig r;
    struct awaited a;
    struct topic *t;
    char *meta;

    rig_open(&r);
    r.sync_workers = 4;
    rig_restart(&r);
    t = rig_topic(&r, "orders", 1);
    rig_append_now(&r, topic_partition(t, 0), "no key", ACK_SYNCED);
    rig_fault(&r, RIG_MKDIR_HANGS);
    if (at_rename) {
        r.faulty_ops.mkdir = r.disk_ops->mkdir;
        r.faulty_ops.rename = rename_hangs;
    }
    awaited_init(&a);
    cr_assert_eq(catalog_grow_topic(r.catalog, t, 4, false, &a.change, &r.why), ERR_OK);
    for (int i = 0; i < 50; i++)
        rig_turn_and_wait(&r);
    cr_assert_not(a.done);
    rig_append(topic_partition(t, 0), "key", "a", ACK_SYNCED);
    rig_fault(&r, RIG_NO_FAULT);
    rig_until(&r, &a.done);
    cr_assert_eq(a.err, ERR_INVALID);
    cr_assert_eq(t->partition_count, 1);
    rig_until_idle(&r);
    meta = rig_read_file(&r, "topics/orders.meta");
    cr_assert_not_null(strstr(meta, "partitions 1\n"));
    mem_free(meta);
    cr_assert_not(rig_exists(&r, "orders-1"));
    cr_assert_eq(grow(&r, t, 4, true), ERR_OK);
    rig_close(&r);
}

Test(catalog, a_record_with_a_key_that_comes_while_a_topic_grows_stops_it)
{
    grow_while_a_key_comes(false);
}

Test(catalog, a_record_with_a_key_that_comes_at_the_last_step_of_a_growth_undoes_it)
{
    grow_while_a_key_comes(true);
}

static enum err mkdir_full(struct disk *d, const char *path)
{
    (void)d, (void)path;
    return ERR_NOSPACE;
}

Test(catalog, a_creation_that_finds_no_space_says_so_at_once)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    r.faulty_ops.mkdir = mkdir_full;
    cr_assert_eq(rig_create(&r, "orders", 2, &t), ERR_NOSPACE);
    rig_fault(&r, RIG_NO_FAULT);
    cr_assert_eq(rig_create(&r, "orders", 2, &t), ERR_OK);
    rig_until_idle(&r);
    cr_assert_eq(rig_count(&r, "topics"), 1);
    rig_close(&r);
}

Test(catalog, a_growth_that_fails_leaves_the_topic_as_it_was)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    rig_append_now(&r, topic_partition(t, 0), "a", ACK_SYNCED);
    rig_write_file(&r, "orders-2", "no directory");
    cr_assert_neq(grow(&r, t, 3, false), ERR_OK);
    cr_assert_eq(t->partition_count, 1);
    cr_assert_eq(catalog_partition_count(r.catalog), 1);
    rig_append_now(&r, topic_partition(t, 0), "b", ACK_SYNCED);
    rig_remove(&r, "orders-2");
    rig_until_idle(&r);
    cr_assert_eq(grow(&r, t, 3, false), ERR_OK);
    rig_restart(&r);
    cr_assert_eq(catalog_find(r.catalog, orders)->partition_count, 3);
    rig_close(&r);
}

/* --- configuration --------------------------------------------------------------------------- */

static const char *config_of(struct rig *r, struct topic *t, const char *key, bool *is_set)
{
    topic_config_get(t, directive_find(&topic_config_table, bytes_of_string(key)), &r->why, is_set);
    return rig_why(r);
}

Test(catalog, configuration_is_kept_and_reset)
{
    struct rig r;
    struct topic *t;
    struct awaited a;
    struct bytes pairs[] = {BYTES_LITERAL("retention.ms"), BYTES_LITERAL("60000"),
                            BYTES_LITERAL("record.channels"), BYTES_LITERAL("news.* alerts")};
    struct bytes name = BYTES_LITERAL("retention.ms");
    bool is_set;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    cr_assert_str_eq(config_of(&r, t, "retention.ms", &is_set), "604800000");
    cr_assert_not(is_set);
    awaited_init(&a);
    cr_assert_eq(catalog_set_config(r.catalog, t, pairs, 2, &a.change, &r.why), ERR_OK);
    rig_until(&r, &a.done);
    cr_assert_eq(a.err, ERR_OK);
    rig_restart(&r);
    t = catalog_find(r.catalog, orders);
    cr_assert_str_eq(config_of(&r, t, "retention.ms", &is_set), "60000");
    cr_assert(is_set);
    cr_assert_str_eq(config_of(&r, t, "record.channels", &is_set), "news.* alerts");
    awaited_init(&a);
    cr_assert_eq(catalog_reset_config(r.catalog, t, &name, 1, &a.change, &r.why), ERR_OK);
    rig_until(&r, &a.done);
    cr_assert_str_eq(config_of(&r, t, "retention.ms", &is_set), "604800000");
    cr_assert_not(is_set);
    rig_close(&r);
}

Test(catalog, of_several_settings_a_bad_one_refuses_all)
{
    struct rig r;
    struct topic *t;
    struct bytes pairs[] = {BYTES_LITERAL("retention.ms"), BYTES_LITERAL("60000"),
                            BYTES_LITERAL("ack"), BYTES_LITERAL("maybe")};
    bool is_set;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    cr_assert_eq(catalog_set_config(r.catalog, t, pairs, 2, NULL, &r.why), ERR_INVALID);
    cr_assert_str_eq(rig_why(&r), "Invalid value 'maybe' for topic config 'ack': argument(s) must "
                                  "be one of the following: none, written, synced");
    cr_assert_str_eq(config_of(&r, t, "retention.ms", &is_set), "604800000");
    rig_close(&r);
}

Test(catalog, what_is_not_set_follows_the_servers_defaults_while_it_runs)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    cr_assert_eq(t->config.ack, ACK_SYNCED);
    r.config.default_ack = CONFIG_ACK_WRITTEN;
    r.config.message_max_bytes = 5000;
    catalog_defaults_changed(r.catalog);
    cr_assert_eq(t->config.ack, ACK_WRITTEN);
    cr_assert_eq(t->config.max_message_bytes, 5000);
    rig_close(&r);
}

Test(catalog, a_change_that_cannot_be_written_is_not_in_force)
{
    struct rig r;
    struct topic *t;
    struct awaited a;
    struct bytes pair[] = {BYTES_LITERAL("retention.ms"), BYTES_LITERAL("60000")};
    bool is_set;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    rig_fault(&r, RIG_WRITE_FULL);
    awaited_init(&a);
    cr_assert_eq(catalog_set_config(r.catalog, t, pair, 1, &a.change, &r.why), ERR_OK);
    rig_until(&r, &a.done);
    cr_assert_eq(a.err, ERR_NOSPACE);
    cr_assert_str_eq(config_of(&r, t, "retention.ms", &is_set), "604800000");
    rig_delete(&r, t); /* which works on a full disk */
    rig_fault(&r, RIG_NO_FAULT);
    rig_until_idle(&r);
    cr_assert_eq(rig_count(&r, "topics"), 0);
    rig_close(&r);
}

/* --- start-up -------------------------------------------------------------------------------- */

Test(catalog, a_topic_whose_file_is_damaged_fails_alone)
{
    struct rig r;
    char *text;

    rig_open(&r);
    rig_topic(&r, "good", 1);
    rig_append_now(&r, topic_partition(rig_topic(&r, "orders", 1), 0), "a", ACK_SYNCED);
    rig_stop(&r);
    text = rig_read_file(&r, "topics/orders.meta");
    text[10] ^= 1;
    rig_write_file(&r, "topics/orders.meta", text);
    rig_start(&r);
    cr_assert_not_null(catalog_find(r.catalog, BYTES_LITERAL("good")));
    cr_assert_null(catalog_find(r.catalog, orders));
    cr_assert_not_null(strstr(r.traced, "topics/orders.meta: the checksum does not match"));
    cr_assert(rig_exists(&r, "orders-0/00000000000000000000.log"));
    cr_assert_eq(create(&r, "orders", 1), ERR_FAILED, "its file is not written over");
    rig_stop(&r);
    text[10] ^= 1;
    rig_write_file(&r, "topics/orders.meta", text);
    rig_start(&r);
    cr_assert_eq(partition_next_offset(topic_partition(catalog_find(r.catalog, orders), 0)->log),
                 1);
    mem_free(text);
    rig_close(&r);
}

Test(catalog, a_partition_whose_directory_vanished_fails_alone)
{
    struct rig r;
    struct topic *t;
    struct record record = {.value = BYTES_LITERAL("x")};
    struct appended appended;

    rig_open(&r);
    t = rig_topic(&r, "orders", 2);
    rig_append_now(&r, topic_partition(t, 0), "a", ACK_SYNCED);
    rig_stop(&r);
    rig_rename(&r, "orders-1", "elsewhere");
    rig_start(&r);
    cr_assert_eq(r.recovery.partitions_failed, 1);
    t = catalog_find(r.catalog, orders);
    cr_assert_null(topic_partition(t, 1)->log);
    cr_assert_eq(topic_append(topic_partition(t, 1), &record, 1, ACK_NONE, &appended), ERR_FAILED,
                 "the topic was not deleted");
    cr_assert_eq(rig_append(topic_partition(t, 0), NULL, "b", ACK_NONE), 1);
    cr_assert(rig_exists(&r, "elsewhere"), "not ours to remove");
    rig_close(&r);
}

Test(catalog, records_that_belong_to_no_topic_are_left_alone)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    rig_append_now(&r, topic_partition(rig_topic(&r, "orders", 1), 0), "a", ACK_SYNCED);
    rig_topic(&r, "empty", 1);
    rig_stop(&r);
    rig_remove(&r, "topics/orders.meta");
    rig_remove(&r, "topics/empty.meta");
    rig_start(&r);
    cr_assert_eq(catalog_topic_count(r.catalog), 0);
    cr_assert(rig_exists(&r, "orders-0/00000000000000000000.log"));
    cr_assert_not(rig_exists(&r, "empty-0"));
    cr_assert_not_null(strstr(r.traced, "orders-0: the records in this directory belong to no"));
    t = rig_topic(&r, "orders", 1);
    cr_assert_eq(rig_append(topic_partition(t, 0), NULL, "new", ACK_SYNCED), 0);
    rig_restart(&r);
    t = catalog_find(r.catalog, orders);
    cr_assert_eq(partition_next_offset(topic_partition(t, 0)->log), 1);
    rig_close(&r);
}

Test(catalog, files_and_directories_of_others_are_left_alone)
{
    struct rig r;

    rig_open(&r);
    rig_stop(&r);
    rig_mkdir(&r, "lost+found");
    rig_mkdir(&r, "notes");
    rig_mkdir(&r, "backup-1x");
    rig_mkdir(&r, "photos-1");
    rig_write_file(&r, "photos-1/cat.jpg", "a cat");
    rig_write_file(&r, "topics/README", "hello");
    rig_write_file(&r, "topics/bad name.meta", "hello");
    rig_start(&r);
    cr_assert(rig_exists(&r, "lost+found"));
    cr_assert(rig_exists(&r, "notes"));
    cr_assert(rig_exists(&r, "backup-1x"));
    cr_assert(rig_exists(&r, "photos-1/cat.jpg"));
    cr_assert(rig_exists(&r, "topics/README"));
    cr_assert(rig_exists(&r, "topics/bad name.meta"));
    rig_close(&r);
}

/* --- looking --------------------------------------------------------------------------------- */

static void join_name(void *ctx, struct topic *t)
{
    buf_append_bytes(ctx, t->name);
    buf_append_char(ctx, ' ');
}

Test(catalog, topics_are_walked_in_name_order)
{
    struct rig r;

    rig_open(&r);
    rig_topic(&r, "b", 1);
    rig_topic(&r, "a.z", 1);
    rig_topic(&r, "a", 1);
    catalog_each(r.catalog, join_name, &r.why);
    cr_assert_str_eq(rig_why(&r), "a a.z b ");
    cr_assert_eq(catalog_topic_count(r.catalog), 3);
    rig_close(&r);
}

struct watcher {
    struct catalog_observer observer;
    struct buf seen;
};

static void see(struct catalog_observer *o, const char *what, const struct topic *t, int32_t number)
{
    buf_printf(&CONTAINER_OF(o, struct watcher, observer)->seen, "%s %s %d; ", what, t->name.data,
               (int)number);
}

static void see_created(struct catalog_observer *o, struct topic *t)
{
    see(o, "created", t, t->partition_count);
}

static void see_grown(struct catalog_observer *o, struct topic *t, int32_t before)
{
    see(o, "grown", t, before);
}

static void see_deleted(struct catalog_observer *o, struct topic *t)
{
    see(o, "deleted", t, t->partition_count);
}

Test(catalog, observers_hear_of_creation_growth_and_deletion)
{
    struct rig r;
    struct topic *t;
    struct watcher w = {
        .observer = {.created = see_created, .grown = see_grown, .deleted = see_deleted}};

    rig_open(&r);
    catalog_observe(r.catalog, &w.observer);
    t = rig_topic(&r, "orders", 1);
    cr_assert_eq(grow(&r, t, 4, false), ERR_OK);
    rig_delete(&r, t);
    buf_append_char(&w.seen, '\0');
    cr_assert_str_eq(w.seen.data, "created orders 1; grown orders 1; deleted orders 4; ");
    buf_deinit(&w.seen);
    rig_until_idle(&r);
    rig_close(&r);
}

static void expect_seen(struct watcher *w, const char *seen)
{
    buf_append_char(&w->seen, '\0');
    cr_assert_str_eq(w->seen.data, seen);
    buf_clear(&w->seen);
}

static struct watcher watcher(void)
{
    return (struct watcher){
        .observer = {.created = see_created, .grown = see_grown, .deleted = see_deleted}};
}

static void see_configured(struct catalog_observer *o, struct topic *t)
{
    see(o, t->config.record_channels, t, t->partition_count);
}

Test(catalog, an_observer_hears_of_a_configuration_that_is_in_force_and_before_the_answer)
{
    struct rig r;
    struct watcher w = watcher();
    struct bytes pair[] = {BYTES_LITERAL("record.channels"), BYTES_LITERAL("a.*")};
    struct awaited a;
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    w.observer.configured = see_configured;
    catalog_observe(r.catalog, &w.observer);
    awaited_init(&a);
    cr_assert_eq(catalog_set_config(r.catalog, t, pair, 1, &a.change, &r.why), ERR_OK);
    expect_seen(&w, "created orders 1; ");
    rig_until(&r, &a.done);
    expect_seen(&w, "a.* orders 1; ");
    awaited_init(&a);
    cr_assert_eq(catalog_reset_config(r.catalog, t, pair, 1, &a.change, &r.why), ERR_OK);
    rig_delete(&r, t); /* overtakes it */
    rig_until(&r, &a.done);
    expect_seen(&w, "deleted orders 1; ");
    buf_deinit(&w.seen);
    rig_until_idle(&r);
    rig_close(&r);
}

Test(catalog, an_observer_is_told_of_the_topics_that_are_there_already)
{
    struct rig r;
    struct watcher w = watcher();

    rig_open(&r);
    rig_topic(&r, "b", 2);
    rig_topic(&r, "a", 1);
    rig_restart(&r);
    catalog_observe(r.catalog, &w.observer);
    expect_seen(&w, "created a 1; created b 2; ");
    buf_deinit(&w.seen);
    rig_close(&r);
}

Test(catalog, an_observer_hears_of_a_topic_when_it_is_durable_and_before_its_creator)
{
    struct rig r;
    struct watcher w = watcher(), late = watcher();
    struct awaited a;
    struct topic *t;

    rig_open(&r);
    catalog_observe(r.catalog, &w.observer);
    rig_fault(&r, RIG_MKDIR_HANGS);
    awaited_init(&a);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 1, NULL, 0, &a.change, &r.why, &t),
                 ERR_OK);
    for (int i = 0; i < 10; i++)
        rig_turn_and_wait(&r);
    catalog_observe(r.catalog, &late.observer);
    expect_seen(&w, "");
    expect_seen(&late, "");
    rig_fault(&r, RIG_NO_FAULT);
    rig_until(&r, &a.done);
    expect_seen(&w, "created orders 1; ");
    expect_seen(&late, "created orders 1; ");
    buf_deinit(&w.seen);
    buf_deinit(&late.seen);
    rig_close(&r);
}

Test(catalog, a_topic_that_never_was_durable_is_not_told)
{
    struct rig r;
    struct watcher w = watcher();
    struct topic *t;

    rig_open(&r);
    catalog_observe(r.catalog, &w.observer);
    cr_assert_eq(catalog_create_topic(r.catalog, orders, 1, NULL, 0, NULL, &r.why, &t), ERR_OK);
    rig_delete(&r, t);
    rig_mkdir(&r, "topics/orders.meta");
    cr_assert_neq(rig_create(&r, "orders", 1, &t), ERR_OK);
    rig_until_idle(&r);
    expect_seen(&w, "");
    buf_deinit(&w.seen);
    rig_close(&r);
}

Test(catalog, who_does_not_observe_any_more_hears_nothing)
{
    struct rig r;
    struct watcher w = watcher();

    rig_open(&r);
    catalog_observe(r.catalog, &w.observer);
    catalog_unobserve(&w.observer);
    rig_topic(&r, "orders", 1);
    expect_seen(&w, "");
    buf_deinit(&w.seen);
    rig_close(&r);
}

struct deletion_watcher {
    struct catalog_observer observer;
    struct awaited_ack *ack;
    bool told;
};

static void hear_nothing(struct catalog_observer *o, struct topic *t)
{
    (void)o, (void)t;
}

static void see_deletion(struct catalog_observer *o, struct topic *t)
{
    struct deletion_watcher *w = CONTAINER_OF(o, struct deletion_watcher, observer);

    cr_assert_null(catalog_find(t->catalog, t->name));
    cr_assert_not(w->ack->done);
    w->told = true;
}

Test(catalog, an_observer_hears_of_a_deletion_before_those_who_wait_for_the_topic)
{
    struct rig r;
    struct awaited_ack ack;
    struct deletion_watcher w = {.observer = {.created = hear_nothing, .deleted = see_deletion},
                                 .ack = &ack};
    struct topic *t;

    rig_open(&r);
    t = rig_topic(&r, "orders", 1);
    catalog_observe(r.catalog, &w.observer);
    rig_append_wait(topic_partition(t, 0), "a", ACK_SYNCED, &ack);
    rig_delete(&r, t);
    cr_assert(w.told);
    cr_assert(ack.done);
    rig_until_idle(&r);
    rig_close(&r);
}

/* --- retention ------------------------------------------------------------------------------- */

Test(catalog, records_past_their_age_are_gone_by_the_next_check)
{
    struct rig r;
    struct topic *t;
    struct topic_partition *tp;

    rig_open(&r);
    r.config.log_retention_ms = 60000;
    r.config.log_retention_check_ms = 1000;
    catalog_defaults_changed(r.catalog);
    t = rig_topic(&r, "orders", 1);
    tp = topic_partition(t, 0);
    rig_append_now(&r, tp, "a", ACK_SYNCED);
    r.clock.mono_us += 1000000;
    rig_until_idle(&r);
    cr_assert_eq(partition_log_start(tp->log), 0, "not yet");
    r.clock.wall_ms += 60001;
    for (int i = 0; i < 1000 && partition_log_start(tp->log) == 0; i++) {
        r.clock.mono_us += 100000;
        rig_turn_and_wait(&r);
    }
    cr_assert_eq(partition_log_start(tp->log), 1);
    rig_close(&r);
}
