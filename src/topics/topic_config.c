/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of topic configuration, under Kafka's names, and what is in force: a key that was not set
 * for the topic follows the server's directive of the same meaning, also when that is changed later. */
#include "topics/topic_config.h"

#include <stdlib.h>

#define MS_MAX (INT64_MAX / 1000000) /* so that microseconds can be reckoned with */
#define QUOTED_BYTES_MAX 64

/* --- the values ------------------------------------------------------------------------------ */

/* A decimal in [0, 1], kept as it was written: "0.5". */
static enum err ratio_parse(void *target, struct bytes text, struct buf *why)
{
    char *ratio = target;
    size_t digits = 0, points = 0;

    for (size_t i = 0; i < text.len; i++) {
        digits += text.data[i] >= '0' && text.data[i] <= '9';
        points += text.data[i] == '.';
    }
    if (digits > 0 && points <= 1 && digits + points == text.len &&
        text.len <= TOPIC_RATIO_BYTES_MAX) {
        char copy[TOPIC_RATIO_BYTES_MAX + 1] = {0};

        memcpy(copy, text.data, text.len);
        if (strtod(copy, NULL) <= 1.0) {
            memcpy(ratio, copy, sizeof(copy));
            return ERR_OK;
        }
    }
    buf_append_string(why, "argument must be a decimal number between 0 and 1 inclusive");
    return ERR_INVALID;
}

static void ratio_format(const void *source, struct buf *text)
{
    buf_append_string(text, source);
}

/* The meta file holds a value per line. */
static enum err channels_check(struct bytes text, struct buf *why)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c < 0x20 || c == 0x7f) {
            buf_append_string(why, "argument must not contain control characters");
            return ERR_INVALID;
        }
    }
    return ERR_OK;
}

static const struct directive_word cleanup_words[] = {
    {"delete", CLEANUP_DELETE},
    {"compact", CLEANUP_COMPACT},
    {"compact,delete", CLEANUP_COMPACT_DELETE},
    {"delete,compact", CLEANUP_COMPACT_DELETE},
    {NULL, 0},
};
static const struct directive_word timestamp_words[] = {
    {"CreateTime", TIMESTAMP_CREATE},
    {"LogAppendTime", TIMESTAMP_APPEND},
    {NULL, 0},
};
static const struct directive_word compression_words[] = {
    {"producer", COMPRESSION_PRODUCER},
    {"uncompressed", COMPRESSION_NONE},
    {NULL, 0},
};
static const struct directive_word ack_words[] = {
    {"none", ACK_NONE},
    {"written", ACK_WRITTEN},
    {"synced", ACK_SYNCED},
    {NULL, 0},
};

/* --- the table ------------------------------------------------------------------------------- */

/* clang-format off */
#define COMMON(text, kind, member, value, about)                                                   \
    .name = (text), .type = DIRECTIVE_##kind, .field = offsetof(struct topic_config, member),      \
    .initial = (value), .summary = (about)
#define INT(name, member, initial, low, high, about)                                               \
    {COMMON(name, INT, member, initial, about), .min = (low), .max = (high)}
#define SIZE(name, member, initial, low, high, about)                                              \
    {COMMON(name, SIZE, member, initial, about), .min = (low), .max = (high)}
#define ENUM(name, member, initial, list, about)                                                   \
    {COMMON(name, ENUM, member, initial, about), .words = (list)}

/* The initial values of those that follow the server are not used: see topic_config_follow. */
static const struct directive items[] = {
    ENUM("ack", ack, "synced", ack_words, "what an acknowledgement means where nothing is said"),
    ENUM("cleanup.policy", cleanup_policy, "delete", cleanup_words,
         "whether old records are deleted, or compacted to the last of each key"),
    ENUM("compression.type", compression_type, "producer", compression_words,
         "how batches are stored"),
    INT("delete.retention.ms", delete_retention_ms, "86400000", 0, MS_MAX,
        "how long compaction keeps tombstones"),
    INT("flush.ms", flush_ms, "1000", 1, MS_MAX, "how long written records may stay unsynced"),
    SIZE("max.message.bytes", max_message_bytes, "1048588", 1, INT32_MAX / 2,
         "the largest batch"),
    INT("message.timestamp.after.max.ms", timestamp_after_max_ms, "3600000", 0, MS_MAX,
        "how far ahead of the server's clock a record's timestamp may be"),
    ENUM("message.timestamp.type", timestamp_type, "CreateTime", timestamp_words,
         "whose timestamp a record carries"),
    {COMMON("min.cleanable.dirty.ratio", CUSTOM, min_cleanable_dirty_ratio, "0.5",
            "the share of new records from which compaction is worth its while"),
     .parse = ratio_parse, .format = ratio_format, .size = TOPIC_RATIO_BYTES_MAX + 1},
    {COMMON("record.channels", STRING, record_channels, "",
            "channels, as blank-separated patterns, whose messages are also records here"),
     .max = TOPIC_CHANNELS_BYTES_MAX, .check = channels_check},
    SIZE("retention.bytes", retention_bytes, "-1", -1, INT64_MAX,
         "how much each partition keeps; -1 is no limit"),
    INT("retention.ms", retention_ms, "604800000", -1, MS_MAX,
        "how long records are kept; -1 is for ever"),
    SIZE("segment.bytes", segment_bytes, "1073741824", 1024, INT32_MAX,
         "how large one file of the log gets"),
    INT("segment.ms", segment_ms, "604800000", 1, MS_MAX, "how old one file of the log gets"),
};
/* clang-format on */

static_assert(COUNT_OF(items) <= 64, "topic.set_keys has a bit per key");

const struct directive_table topic_config_table = {items, COUNT_OF(items)};

uint64_t topic_config_bit(const struct directive *d)
{
    ASSERT(d >= items && d < items + COUNT_OF(items));
    return UINT64_C(1) << (d - items);
}

/* --- what is in force ------------------------------------------------------------------------ */

/* Keys that follow a directive of the server, all of them numbers. */
struct follower {
    size_t field;        /* in struct topic_config */
    size_t server_field; /* in struct config */
};

#define FOLLOWER(member, server_member)                                               \
    {                                                                                 \
        offsetof(struct topic_config, member), offsetof(struct config, server_member) \
    }

static const struct follower followers[] = {
    FOLLOWER(flush_ms, log_flush_ms),
    FOLLOWER(max_message_bytes, message_max_bytes),
    FOLLOWER(retention_bytes, log_retention_bytes),
    FOLLOWER(retention_ms, log_retention_ms),
    FOLLOWER(segment_bytes, log_segment_bytes),
    FOLLOWER(segment_ms, log_segment_ms),
};

static_assert((int)CONFIG_ACK_NONE == ACK_NONE && (int)CONFIG_ACK_WRITTEN == ACK_WRITTEN &&
                  (int)CONFIG_ACK_SYNCED == ACK_SYNCED,
              "default-ack is taken over as it is");

static bool is_set(uint64_t set_keys, size_t field)
{
    size_t i = 0;

    while (items[i].field != field)
        i++;
    return (set_keys >> i & 1) != 0;
}

bool topic_config_follow(struct topic_config *config, uint64_t set_keys,
                         const struct config *server)
{
    bool changed = false;

    for (size_t i = 0; i < COUNT_OF(followers); i++) {
        int64_t value, *target = (int64_t *)(void *)((char *)config + followers[i].field);

        if (is_set(set_keys, followers[i].field))
            continue;
        memcpy(&value, (const char *)server + followers[i].server_field, sizeof(value));
        changed |= *target != value;
        *target = value;
    }
    if (!is_set(set_keys, offsetof(struct topic_config, ack))) {
        changed |= config->ack != server->default_ack;
        config->ack = server->default_ack;
    }
    return changed;
}

void topic_config_init(struct topic_config *config, const struct config *server)
{
    directives_init(&topic_config_table, config);
    topic_config_follow(config, 0, server);
}

void topic_config_deinit(struct topic_config *config)
{
    directives_deinit(&topic_config_table, config);
}

void topic_config_copy(struct topic_config *to, const struct topic_config *from)
{
    directives_copy(&topic_config_table, to, from);
}

void topic_config_for_log(const struct topic_config *config, struct partition_config *log)
{
    bool deletes = (config->cleanup_policy & CLEANUP_DELETE) != 0;

    *log = (struct partition_config){
        .segment_bytes = config->segment_bytes,
        .segment_ms = config->segment_ms,
        .retention_ms = deletes ? config->retention_ms : -1,
        .retention_bytes = deletes ? config->retention_bytes : -1,
        .batch_bytes_max = config->max_message_bytes,
        .flush_ms = config->flush_ms,
        .compact = (config->cleanup_policy & CLEANUP_COMPACT) != 0,
        .delete_retention_ms = config->delete_retention_ms,
        .min_dirty_ratio = strtod(config->min_cleanable_dirty_ratio, NULL),
        .append_time = config->timestamp_type == TIMESTAMP_APPEND,
    };
}

/* --- setting --------------------------------------------------------------------------------- */

void topic_quote(struct buf *b, struct bytes text)
{
    size_t len = text.len < QUOTED_BYTES_MAX ? text.len : QUOTED_BYTES_MAX;

    buf_append_char(b, '\'');
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        buf_append_char(b, c < 0x20 || c >= 0x7f ? '?' : (char)c);
    }
    buf_append_string(b, len < text.len ? "'..." : "'");
}

/* The directive of that name, which must not be in `seen` yet and then is; NULL with a reason. */
static const struct directive *key_find(struct bytes name, uint64_t *seen, struct buf *why)
{
    const struct directive *d = directive_find(&topic_config_table, name);
    const char *nearest;

    if (d == NULL) {
        buf_append_string(why, "Unknown topic config ");
        topic_quote(why, name);
        nearest = directive_nearest(&topic_config_table, name);
        if (nearest != NULL)
            buf_printf(why, "; did you mean '%s'?", nearest);
        return NULL;
    }
    if ((*seen & topic_config_bit(d)) != 0) {
        buf_printf(why, "Topic config '%s' is given twice", d->name);
        return NULL;
    }
    *seen |= topic_config_bit(d);
    return d;
}

enum err topic_config_set(struct topic_config *config, uint64_t *set_keys,
                          const struct bytes *pairs, size_t pair_count, struct buf *why)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < pair_count; i++) {
        struct bytes value = pairs[2 * i + 1];
        const struct directive *d = key_find(pairs[2 * i], &seen, why);
        struct buf reason = {0};
        enum err err;

        if (d == NULL)
            return ERR_INVALID;
        err = directive_set(d, config, value, &reason);
        if (err != ERR_OK) {
            buf_append_string(why, "Invalid value ");
            topic_quote(why, value);
            buf_printf(why, " for topic config '%s': ", d->name);
            buf_append_bytes(why, buf_bytes(&reason));
        }
        buf_deinit(&reason);
        if (err != ERR_OK)
            return ERR_INVALID;
    }
    *set_keys |= seen;
    return ERR_OK;
}

enum err topic_config_reset(struct topic_config *config, uint64_t *set_keys,
                            const struct bytes *names, size_t count, const struct config *server,
                            struct buf *why)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        const struct directive *d = key_find(names[i], &seen, why);
        struct buf reason = {0};
        enum err err;

        if (d == NULL)
            return ERR_INVALID;
        err = directive_set(d, config, bytes_of_string(d->initial), &reason);
        ASSERT(err == ERR_OK); /* our own initial value */
        buf_deinit(&reason);
    }
    *set_keys &= ~seen;
    topic_config_follow(config, *set_keys, server);
    return ERR_OK;
}
