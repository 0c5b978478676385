/* SPDX-License-Identifier: BSD-3-Clause */
/* The records of __consumer_offsets to bytes and back. What is read may come from a damaged or foreign
 * file: every length is checked before it is used, and numbers that no one could have meant are refused. */
#include "groups/offset_codec.h"

#include "storage/bigendian.h"

enum { KEY_OFFSET = 1, KEY_GROUP = 2 };
enum { OFFSET_VALUE_VERSION = 3, GROUP_VALUE_VERSION = 3 };

#define PROTOCOL_TYPE "consumer" /* what Kafka's consumer groups say */

/* --- writing --------------------------------------------------------------------------------- */

static void write_i16(struct buf *out, int16_t v)
{
    put_u16(buf_reserve(out, 2), (uint16_t)v);
    out->len += 2;
}

static void write_i32(struct buf *out, int32_t v)
{
    put_u32(buf_reserve(out, 4), (uint32_t)v);
    out->len += 4;
}

static void write_i64(struct buf *out, int64_t v)
{
    put_u64(buf_reserve(out, 8), (uint64_t)v);
    out->len += 8;
}

static void write_string(struct buf *out, struct bytes s)
{
    ASSERT(s.len <= INT16_MAX);
    write_i16(out, (int16_t)s.len);
    buf_append_bytes(out, s);
}

static void write_null_string(struct buf *out)
{
    write_i16(out, -1);
}

void offset_key_write(const struct offset_key *key, struct buf *out)
{
    write_i16(out, key->is_group ? KEY_GROUP : KEY_OFFSET);
    write_string(out, key->group);
    if (key->is_group)
        return;
    write_string(out, key->topic);
    write_i32(out, key->partition);
}

void offset_value_write(const struct offset_value *value, struct buf *out)
{
    write_i16(out, OFFSET_VALUE_VERSION);
    write_i64(out, value->offset);
    write_i32(out, value->leader_epoch);
    write_string(out, value->metadata);
    write_i64(out, value->commit_ms);
}

void group_value_write(const struct group_value *value, struct buf *out)
{
    write_i16(out, GROUP_VALUE_VERSION);
    write_string(out, BYTES_LITERAL(PROTOCOL_TYPE));
    write_i32(out, value->epoch_bound);
    write_null_string(out); /* protocol */
    write_null_string(out); /* leader */
    write_i64(out, value->empty_since_ms);
    write_i32(out, 0); /* members */
}

/* --- reading --------------------------------------------------------------------------------- */

/* What is left of a record; once `short_of` something, all that is read is 0 or empty. */
struct cursor {
    struct bytes rest;
    bool short_of;
};

static const char *take(struct cursor *c, size_t len)
{
    const char *at = c->rest.data;

    if (c->short_of || c->rest.len < len) {
        c->short_of = true;
        return NULL;
    }
    c->rest = bytes_of(at + len, c->rest.len - len);
    return at;
}

static int16_t read_i16(struct cursor *c)
{
    const char *at = take(c, 2);

    return at == NULL ? 0 : (int16_t)get_u16(at);
}

static int32_t read_i32(struct cursor *c)
{
    const char *at = take(c, 4);

    return at == NULL ? 0 : (int32_t)get_u32(at);
}

static int64_t read_i64(struct cursor *c)
{
    const char *at = take(c, 8);

    return at == NULL ? 0 : (int64_t)get_u64(at);
}

static struct bytes read_nullable_string(struct cursor *c)
{
    int16_t len = read_i16(c);
    const char *at;

    if (len == -1)
        return BYTES_NULL;
    if (len < -1)
        c->short_of = true;
    at = take(c, (size_t)(uint16_t)len);
    return at == NULL ? BYTES_LITERAL("") : bytes_of(at, (size_t)len);
}

static struct bytes read_string(struct cursor *c)
{
    struct bytes s = read_nullable_string(c);

    if (bytes_is_null(s)) {
        c->short_of = true;
        return BYTES_LITERAL("");
    }
    return s;
}

enum err offset_key_read(struct bytes data, struct offset_key *key)
{
    struct cursor c = {.rest = data};
    int16_t version = read_i16(&c);
    struct offset_key found = {.is_group = version == KEY_GROUP};

    if (c.short_of)
        return ERR_CORRUPT;
    if (version != KEY_OFFSET && version != KEY_GROUP)
        return ERR_UNSUPPORTED;
    found.group = read_string(&c);
    if (!found.is_group) {
        found.topic = read_string(&c);
        found.partition = read_i32(&c);
    }
    if (c.short_of || found.partition < 0)
        return ERR_CORRUPT;
    *key = found;
    return ERR_OK;
}

enum err offset_value_read(struct bytes data, struct offset_value *value)
{
    struct cursor c = {.rest = data};
    int16_t version = read_i16(&c);
    struct offset_value found;

    if (c.short_of)
        return ERR_CORRUPT;
    if (version != OFFSET_VALUE_VERSION)
        return ERR_UNSUPPORTED;
    found.offset = read_i64(&c);
    found.leader_epoch = read_i32(&c);
    found.metadata = read_string(&c);
    found.commit_ms = read_i64(&c);
    if (c.short_of || found.offset < 0 || found.leader_epoch < -1)
        return ERR_CORRUPT;
    *value = found;
    return ERR_OK;
}

enum err group_value_read(struct bytes data, struct group_value *value)
{
    struct cursor c = {.rest = data};
    int16_t version = read_i16(&c);
    struct group_value found;
    int32_t members;

    if (c.short_of)
        return ERR_CORRUPT;
    if (version != GROUP_VALUE_VERSION)
        return ERR_UNSUPPORTED;
    read_string(&c); /* protocol type */
    found.epoch_bound = read_i32(&c);
    read_nullable_string(&c); /* protocol */
    read_nullable_string(&c); /* leader */
    found.empty_since_ms = read_i64(&c);
    members = read_i32(&c); /* a foreign record has some: they mean nothing to us */
    if (c.short_of || found.epoch_bound < 0 || found.empty_since_ms < -1 || members < 0)
        return ERR_CORRUPT;
    *value = found;
    return ERR_OK;
}
