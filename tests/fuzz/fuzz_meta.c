/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzes the meta file of a topic: the input as it is, and as what a checksum that holds follows. Any bytes
 * either parse or are refused with one line; what parses is written back and parses to the same. */
#include "base/check.h"
#include "base/crc32c.h"
#include "config/config.h"
#include "topics/catalog_files.h"
#include "topics/topic_config.h"

#define WHY_BYTES_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static enum err read_meta(struct bytes text, const struct config *server, struct topic_meta *meta)
{
    struct buf why = {0};
    enum err err = topic_meta_read("topics/fuzz.meta", text, server, meta, &why);

    ASSERT(err == ERR_OK || err == ERR_CORRUPT);
    ASSERT((err == ERR_OK) == (why.len == 0));
    ASSERT(why.len < WHY_BYTES_MAX);
    for (size_t i = 0; i < why.len; i++)
        ASSERT((unsigned char)why.data[i] >= ' ' && why.data[i] != 0x7f);
    buf_deinit(&why);
    return err;
}

static void write_meta(struct buf *text, const struct topic_meta *meta)
{
    struct topic t = {.name = bytes_of_string(meta->name), .own_directory = meta->own_directory};

    memcpy(t.id, meta->id, sizeof(t.id));
    topic_meta_write(text, &t, meta->partitions, &meta->config, meta->set_keys);
}

static void check_equal(const struct topic_meta *a, const struct topic_meta *b)
{
    ASSERT(strcmp(a->name, b->name) == 0);
    ASSERT(strcmp(a->id, b->id) == 0);
    ASSERT(a->partitions == b->partitions);
    ASSERT(a->own_directory == b->own_directory);
    ASSERT(a->set_keys == b->set_keys);
    for (size_t i = 0; i < topic_config_table.count; i++)
        ASSERT(directive_equal(&topic_config_table.items[i], &a->config, &b->config));
}

static void check(struct bytes text, const struct config *server)
{
    struct topic_meta meta, again;
    struct buf once = {0}, twice = {0};
    enum err err;

    if (read_meta(text, server, &meta) != ERR_OK)
        return;
    ASSERT(meta.partitions >= 1 && meta.partitions <= TOPIC_PARTITIONS_MAX);
    write_meta(&once, &meta);
    err = read_meta(buf_bytes(&once), server, &again);
    ASSERT(err == ERR_OK);
    check_equal(&meta, &again);
    write_meta(&twice, &again);
    ASSERT(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    topic_meta_deinit(&meta);
    topic_meta_deinit(&again);
    buf_deinit(&once);
    buf_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct config server;
    struct buf mended = {0};

    config_init(&server);
    check(bytes_of(data, len), &server);
    buf_append(&mended, data, len);
    if (len == 0 || data[len - 1] != '\n')
        buf_append_char(&mended, '\n');
    buf_printf(&mended, "checksum %08x\n", (unsigned)crc32c(mended.data, mended.len));
    check(buf_bytes(&mended), &server);
    buf_deinit(&mended);
    config_deinit(&server);
    return 0;
}
