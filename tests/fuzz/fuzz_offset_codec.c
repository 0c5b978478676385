/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes the records of __consumer_offsets: any bytes are a key or a value of ours or refused. What is read
 * lies inside the input; written back and read again it says the same, in no more bytes. */
#include "groups/offset_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_inside(struct bytes part, struct bytes all)
{
    if (part.len == 0)
        return;
    ASSERT(part.data >= all.data);
    ASSERT(part.data + part.len <= all.data + all.len);
}

static void try_key(struct bytes all)
{
    struct offset_key key, again;
    struct buf out = {0};

    if (offset_key_read(all, &key) != ERR_OK)
        return;
    check_inside(key.group, all);
    check_inside(key.topic, all);
    offset_key_write(&key, &out);
    ASSERT(out.len <= all.len);
    ASSERT(bytes_equal(buf_bytes(&out), bytes_of(all.data, out.len)));
    ASSERT(offset_key_read(buf_bytes(&out), &again) == ERR_OK);
    ASSERT(again.is_group == key.is_group);
    ASSERT(bytes_equal(again.group, key.group));
    ASSERT(bytes_equal(again.topic, key.topic));
    ASSERT(again.partition == key.partition);
    buf_deinit(&out);
}

static void try_offset(struct bytes all)
{
    struct offset_value value, again;
    struct buf out = {0};

    if (offset_value_read(all, &value) != ERR_OK)
        return;
    ASSERT(value.offset >= 0);
    check_inside(value.metadata, all);
    offset_value_write(&value, &out);
    ASSERT(out.len <= all.len);
    ASSERT(bytes_equal(buf_bytes(&out), bytes_of(all.data, out.len)));
    ASSERT(offset_value_read(buf_bytes(&out), &again) == ERR_OK);
    ASSERT(again.offset == value.offset);
    ASSERT(again.leader_epoch == value.leader_epoch);
    ASSERT(bytes_equal(again.metadata, value.metadata));
    ASSERT(again.commit_ms == value.commit_ms);
    buf_deinit(&out);
}

static void try_group(struct bytes all)
{
    struct group_value value, again;
    struct buf out = {0};

    if (group_value_read(all, &value) != ERR_OK)
        return;
    ASSERT(value.epoch_bound >= 0);
    ASSERT(value.empty_since_ms >= -1);
    group_value_write(&value, &out); /* other names of protocol and leader, so other bytes */
    ASSERT(group_value_read(buf_bytes(&out), &again) == ERR_OK);
    ASSERT(again.epoch_bound == value.epoch_bound);
    ASSERT(again.empty_since_ms == value.empty_since_ms);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes all = bytes_of(data, len);

    try_key(all);
    try_offset(all);
    try_group(all);
    return 0;
}
