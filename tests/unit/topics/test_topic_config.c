/* SPDX-License-Identifier: BSD-3-Clause */
#include "topics/topic_config.h"

#include <criterion/criterion.h>

struct bed {
    struct config server;
    struct topic_config config;
    uint64_t set_keys;
    struct buf why;
};

static void bed_open(struct bed *b)
{
    *b = (struct bed){0};
    config_init(&b->server);
    topic_config_init(&b->config, &b->server);
}

static void bed_close(struct bed *b)
{
    topic_config_deinit(&b->config);
    config_deinit(&b->server);
    buf_deinit(&b->why);
}

static enum err set(struct bed *b, const char *name, const char *value)
{
    struct bytes pair[2] = {bytes_of_string(name), bytes_of_string(value)};
    enum err err;

    b->why.len = 0;
    err = topic_config_set(&b->config, &b->set_keys, pair, 1, &b->why);
    buf_append_char(&b->why, '\0');
    return err;
}

static const char *get(struct bed *b, const char *name)
{
    b->why.len = 0;
    directive_get(directive_find(&topic_config_table, bytes_of_string(name)), &b->config, &b->why);
    buf_append_char(&b->why, '\0');
    return b->why.data;
}

Test(topic_config, an_unknown_name_suggests_the_nearest)
{
    struct bed b;

    bed_open(&b);
    cr_assert_eq(set(&b, "retention.msec", "1"), ERR_INVALID);
    cr_assert_str_eq(b.why.data, "Unknown topic config 'retention.msec'; did you mean "
                                 "'retention.ms'?");
    cr_assert_eq(set(&b, "zzz", "1"), ERR_INVALID);
    cr_assert_str_eq(b.why.data, "Unknown topic config 'zzz'");
    bed_close(&b);
}

Test(topic_config, a_bad_value_is_told_with_its_name_and_limit)
{
    struct bed b;

    bed_open(&b);
    cr_assert_eq(set(&b, "segment.bytes", "5"), ERR_INVALID);
    cr_assert_str_eq(b.why.data, "Invalid value '5' for topic config 'segment.bytes': argument "
                                 "must be between 1024 and 2147483647 inclusive");
    cr_assert_eq(b.set_keys, 0);
    cr_assert_eq(set(&b, "ack", "all"), ERR_INVALID);
    cr_assert_eq(set(&b, "compression.type", "zstd"), ERR_INVALID);
    cr_assert_eq(set(&b, "retention.ms", "-2"), ERR_INVALID);
    cr_assert_eq(set(&b, "flush.ms", "soon"), ERR_INVALID);
    bed_close(&b);
}

Test(topic_config, values_read_back_as_kafka_writes_them)
{
    struct bed b;

    bed_open(&b);
    cr_assert_str_eq(get(&b, "cleanup.policy"), "delete");
    cr_assert_str_eq(get(&b, "message.timestamp.type"), "CreateTime");
    cr_assert_str_eq(get(&b, "min.cleanable.dirty.ratio"), "0.5");
    cr_assert_str_eq(get(&b, "record.channels"), "");
    cr_assert_str_eq(get(&b, "ack"), "synced");
    cr_assert_eq(set(&b, "cleanup.policy", "delete,compact"), ERR_OK);
    cr_assert_str_eq(get(&b, "cleanup.policy"), "compact,delete");
    cr_assert_eq(set(&b, "segment.bytes", "64kb"), ERR_OK);
    cr_assert_str_eq(get(&b, "segment.bytes"), "65536");
    bed_close(&b);
}

Test(topic_config, a_ratio_is_a_decimal_between_0_and_1)
{
    static const char *const bad[] = {
        "", ".", "1.01", "-0.1", "0,5", "1e-1", "nan", "0.1.2", "0.12345678901234567"};
    struct bed b;

    bed_open(&b);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        cr_assert_eq(set(&b, "min.cleanable.dirty.ratio", bad[i]), ERR_INVALID, "%s", bad[i]);
    cr_assert_eq(set(&b, "min.cleanable.dirty.ratio", "0.25"), ERR_OK);
    cr_assert_str_eq(get(&b, "min.cleanable.dirty.ratio"), "0.25");
    cr_assert_eq(set(&b, "min.cleanable.dirty.ratio", "1"), ERR_OK);
    bed_close(&b);
}

Test(topic_config, channels_cannot_break_the_line_they_are_kept_in)
{
    struct bed b;

    bed_open(&b);
    cr_assert_eq(set(&b, "record.channels", "news.* alerts"), ERR_OK);
    cr_assert_eq(set(&b, "record.channels", "a\nconfig ack none"), ERR_INVALID);
    cr_assert_str_eq(get(&b, "record.channels"), "news.* alerts");
    bed_close(&b);
}

Test(topic_config, what_is_not_set_follows_the_server)
{
    struct bed b;

    bed_open(&b);
    cr_assert_eq(b.config.retention_ms, b.server.log_retention_ms);
    cr_assert_eq(set(&b, "retention.ms", "5000"), ERR_OK);
    b.server.log_retention_ms = 7777;
    b.server.log_flush_ms = 33;
    b.server.message_max_bytes = 2222;
    b.server.default_ack = CONFIG_ACK_NONE;
    cr_assert(topic_config_follow(&b.config, b.set_keys, &b.server));
    cr_assert_eq(b.config.retention_ms, 5000);
    cr_assert_eq(b.config.flush_ms, 33);
    cr_assert_eq(b.config.max_message_bytes, 2222);
    cr_assert_eq(b.config.ack, ACK_NONE);
    cr_assert_not(topic_config_follow(&b.config, b.set_keys, &b.server));
    bed_close(&b);
}

Test(topic_config, a_reset_key_follows_the_server_again)
{
    struct bed b;
    struct bytes names[] = {BYTES_LITERAL("retention.ms"), BYTES_LITERAL("cleanup.policy")};

    bed_open(&b);
    b.server.log_retention_ms = 7777;
    cr_assert_eq(set(&b, "retention.ms", "5000"), ERR_OK);
    cr_assert_eq(set(&b, "cleanup.policy", "compact"), ERR_OK);
    cr_assert_eq(
        topic_config_reset(&b.config, &b.set_keys, names, COUNT_OF(names), &b.server, &b.why),
        ERR_OK);
    cr_assert_eq(b.set_keys, 0);
    cr_assert_eq(b.config.retention_ms, 7777);
    cr_assert_eq(b.config.cleanup_policy, CLEANUP_DELETE);
    bed_close(&b);
}

Test(topic_config, a_key_may_be_given_once)
{
    struct bed b;
    struct bytes pairs[] = {BYTES_LITERAL("ack"), BYTES_LITERAL("none"), BYTES_LITERAL("ACK"),
                            BYTES_LITERAL("synced")};

    bed_open(&b);
    cr_assert_eq(topic_config_set(&b.config, &b.set_keys, pairs, 2, &b.why), ERR_INVALID);
    buf_append_char(&b.why, '\0');
    cr_assert_str_eq(b.why.data, "Topic config 'ack' is given twice");
    bed_close(&b);
}

Test(topic_config, a_compacted_log_is_not_cut_by_age_or_size)
{
    struct bed b;
    struct partition_config log;

    bed_open(&b);
    cr_assert_eq(set(&b, "retention.bytes", "1000000"), ERR_OK);
    topic_config_for_log(&b.config, &log);
    cr_assert_eq(log.retention_bytes, 1000000);
    cr_assert_eq(set(&b, "cleanup.policy", "compact"), ERR_OK);
    topic_config_for_log(&b.config, &log);
    cr_assert_eq(log.retention_bytes, -1);
    cr_assert_eq(log.retention_ms, -1);
    cr_assert_eq(set(&b, "cleanup.policy", "compact,delete"), ERR_OK);
    topic_config_for_log(&b.config, &log);
    cr_assert_eq(log.retention_bytes, 1000000);
    bed_close(&b);
}
