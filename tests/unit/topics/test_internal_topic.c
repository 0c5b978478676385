/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include "base/mem.h"
#include "topics/internal_topic.h"
#include <criterion/criterion.h>
#include <stdio.h>

static const struct bytes name = {"__state", 7};

static struct topic *get(struct rig *r)
{
    struct topic *t = NULL;

    cr_assert_eq(internal_topic(r->catalog, name, &r->why, &t), ERR_OK);
    return t;
}

static void put(struct rig *r, const char *key, const char *value)
{
    struct record record = {.timestamp_ms = RIG_RECORD_MS,
                            .key = bytes_of_string(key),
                            .value = value == NULL ? BYTES_NULL : bytes_of_string(value)};
    struct appended appended;

    cr_assert_eq(topic_append(topic_partition(get(r), 0), &record, 1, ACK_SYNCED, &appended),
                 ERR_OK);
}

struct told {
    struct buf text;
    size_t records;
};

static void tell(void *ctx, const struct record_view *record)
{
    struct told *told = ctx;

    told->records++;
    buf_append_bytes(&told->text, record->key);
    buf_append_char(&told->text, '=');
    if (bytes_is_null(record->value))
        buf_append_string(&told->text, "null");
    else
        buf_append_bytes(&told->text, record->value);
    buf_append_char(&told->text, ' ');
}

static void expect_read(struct rig *r, const char *expected)
{
    struct told told = {0};
    uint64_t damaged;

    cr_assert_eq(internal_topic_read(r->catalog, name, tell, &told, &damaged), ERR_OK);
    buf_append_char(&told.text, '\0');
    cr_assert_str_eq(told.text.data, expected);
    cr_assert_eq(damaged, 0);
    buf_deinit(&told.text);
}

Test(internal_topic, is_made_once_and_is_small_compacted_and_of_one_partition)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = get(&r);
    cr_assert_eq(get(&r), t);
    cr_assert_eq(t->partition_count, 1);
    cr_assert_eq(t->config.cleanup_policy, CLEANUP_COMPACT);
    cr_assert_eq(t->config.segment_bytes, INTERNAL_SEGMENT_BYTES);
    rig_until_idle(&r);
    rig_restart(&r);
    t = get(&r);
    cr_assert_eq(t->config.cleanup_policy, CLEANUP_COMPACT);
    cr_assert_eq(t->config.segment_bytes, INTERNAL_SEGMENT_BYTES);
    cr_assert_eq(t->config.max_message_bytes, INTERNAL_BATCH_BYTES_MAX);
    rig_close(&r);
}

Test(internal_topic, does_not_follow_the_servers_limits)
{
    struct rig r;
    struct topic *t;

    rig_open(&r);
    t = get(&r);
    r.config.message_max_bytes = 100;
    r.config.log_segment_bytes = 1 << 30;
    catalog_defaults_changed(r.catalog);
    cr_assert_eq(t->config.max_message_bytes, INTERNAL_BATCH_BYTES_MAX);
    cr_assert_eq(t->config.segment_bytes, INTERNAL_SEGMENT_BYTES);
    rig_until_idle(&r);
    rig_close(&r);
}

Test(internal_topic, one_that_is_not_there_has_no_records)
{
    struct rig r;

    rig_open(&r);
    expect_read(&r, "");
    cr_assert_null(catalog_find(r.catalog, name));
    rig_close(&r);
}

Test(internal_topic, what_was_appended_is_read_in_order_after_a_start)
{
    struct rig r;

    rig_open(&r);
    put(&r, "a", "1"); /* before the topic is durable */
    put(&r, "b", "2");
    rig_until_idle(&r);
    put(&r, "a", NULL);
    put(&r, "c", "");
    rig_until_idle(&r);
    rig_restart(&r);
    expect_read(&r, "a=1 b=2 a=null c= ");
    rig_fault(&r, RIG_COLD);
    expect_read(&r, "a=1 b=2 a=null c= ");
    rig_close(&r);
}

Test(internal_topic, more_than_one_read_takes_is_read_once)
{
    struct rig r;
    struct told told = {0};
    uint64_t damaged;
    char *big = mem_zalloc(1, 100001);

    memset(big, 'v', 100000);
    rig_open(&r);
    for (int i = 0; i < 30; i++) {
        put(&r, "k", big);
        rig_until_idle(&r);
    }
    rig_restart(&r);
    cr_assert_eq(internal_topic_read(r.catalog, name, tell, &told, &damaged), ERR_OK);
    cr_assert_eq(told.records, 30);
    buf_deinit(&told.text);
    mem_free(big);
    rig_close(&r);
}

Test(internal_topic, a_damaged_range_is_skipped_and_counted)
{
    struct rig r;
    struct told told = {0};
    uint64_t damaged;
    char path[512];
    FILE *f;

    rig_open(&r);
    for (int i = 0; i < 3; i++) {
        char value[2] = {(char)('0' + i), '\0'};

        put(&r, "k", value);
        rig_until_idle(&r);
    }
    rig_restart(&r);
    snprintf(path, sizeof(path), "%s/__state-0/00000000000000000000.log", r.root);
    f = fopen(path, "r+");
    cr_assert_not_null(f);
    /* The second of three batches of equal length. */
    fseek(f, 0, SEEK_END);
    fseek(f, ftell(f) / 3 + BATCH_HEADER_BYTES + 3, SEEK_SET);
    fputc('!', f);
    fclose(f);
    cr_assert_eq(internal_topic_read(r.catalog, name, tell, &told, &damaged), ERR_OK);
    buf_append_char(&told.text, '\0');
    cr_assert_str_eq(told.text.data, "k=0 k=2 ");
    cr_assert_eq(damaged, 1);
    cr_assert_not_null(strstr(r.traced, "offsets 1 to 1 are damaged"));
    buf_deinit(&told.text);
    rig_close(&r);
}

Test(internal_topic, one_whose_log_cannot_be_opened_is_an_error_and_not_empty)
{
    struct rig r;
    struct told told = {0};
    uint64_t damaged;

    rig_open(&r);
    put(&r, "a", "1");
    rig_until_idle(&r);
    rig_stop(&r);
    rig_rename(&r, "__state-0", "elsewhere");
    rig_start(&r);
    cr_assert_eq(internal_topic_read(r.catalog, name, tell, &told, &damaged), ERR_FAILED);
    cr_assert_eq(told.records, 0);
    rig_close(&r);
}

Test(internal_topic, one_whose_meta_file_cannot_be_read_is_an_error_and_is_not_made)
{
    struct rig r;
    struct told told = {0};
    struct topic *t;
    uint64_t damaged;

    rig_open(&r);
    put(&r, "a", "1");
    rig_until_idle(&r);
    rig_stop(&r);
    rig_write_file(&r, "topics/__state.meta", "nonsense");
    rig_start(&r);
    cr_assert_eq(internal_topic_read(r.catalog, name, tell, &told, &damaged), ERR_FAILED);
    cr_assert_eq(internal_topic(r.catalog, name, &r.why, &t), ERR_FAILED);
    cr_assert_str_not_empty(rig_why(&r));
    rig_close(&r);
}
