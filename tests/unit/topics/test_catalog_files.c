/* SPDX-License-Identifier: BSD-3-Clause */
#include "topics/catalog_files.h"

#include "base/crc32c.h"
#include "topics/topic_config.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define PATH "topics/orders.meta"

struct bed {
    struct config server;
    struct topic topic;
    struct buf text;
    struct buf why;
    struct topic_meta meta;
};

static void bed_open(struct bed *b)
{
    struct bytes pairs[] = {BYTES_LITERAL("retention.ms"), BYTES_LITERAL("3600000"),
                            BYTES_LITERAL("record.channels"), BYTES_LITERAL("news.* a b")};

    *b = (struct bed){.topic = {.name = BYTES_LITERAL("orders"), .id = "5mYkPqzHSQCjdNNz3kQ0Ug"}};
    config_init(&b->server);
    topic_config_init(&b->topic.config, &b->server);
    cr_assert_eq(topic_config_set(&b->topic.config, &b->topic.set_keys, pairs, 2, &b->why), ERR_OK);
    topic_meta_write(&b->text, &b->topic, 4, &b->topic.config, b->topic.set_keys);
}

static void bed_close(struct bed *b)
{
    topic_config_deinit(&b->topic.config);
    config_deinit(&b->server);
    buf_deinit(&b->text);
    buf_deinit(&b->why);
}

static enum err read_text(struct bed *b, struct bytes text)
{
    enum err err;

    b->why.len = 0;
    err = topic_meta_read(PATH, text, &b->server, &b->meta, &b->why);
    buf_append_char(&b->why, '\0');
    return err;
}

/* Lines with a right checksum behind them. */
static enum err read_lines(struct bed *b, const char *lines)
{
    b->text.len = 0;
    buf_append_string(&b->text, lines);
    buf_printf(&b->text, "checksum %08x\n", (unsigned)crc32c(lines, strlen(lines)));
    return read_text(b, buf_bytes(&b->text));
}

Test(catalog_files, a_meta_file_reads_back_as_it_was_written)
{
    struct bed b;

    bed_open(&b);
    cr_assert_eq(read_text(&b, buf_bytes(&b.text)), ERR_OK, "%s", b.why.data);
    cr_assert_str_eq(b.meta.name, "orders");
    cr_assert_str_eq(b.meta.id, "5mYkPqzHSQCjdNNz3kQ0Ug");
    cr_assert_eq(b.meta.partitions, 4);
    cr_assert_not(b.meta.own_directory);
    cr_assert_eq(b.meta.set_keys, b.topic.set_keys);
    cr_assert_eq(b.meta.config.retention_ms, 3600000);
    cr_assert_str_eq(b.meta.config.record_channels, "news.* a b");
    topic_meta_deinit(&b.meta);
    bed_close(&b);
}

Test(catalog_files, a_topic_with_directories_of_its_own_says_so)
{
    struct bed b;

    bed_open(&b);
    b.topic.own_directory = true;
    b.text.len = 0;
    topic_meta_write(&b.text, &b.topic, 1, &b.topic.config, b.topic.set_keys);
    cr_assert_eq(read_text(&b, buf_bytes(&b.text)), ERR_OK, "%s", b.why.data);
    cr_assert(b.meta.own_directory);
    topic_meta_deinit(&b.meta);
    bed_close(&b);
}

Test(catalog_files, any_changed_byte_is_told)
{
    struct bed b;

    bed_open(&b);
    for (size_t i = 0; i < b.text.len; i++) {
        b.text.data[i] ^= 0x04;
        cr_assert_eq(read_text(&b, buf_bytes(&b.text)), ERR_CORRUPT, "byte %zu", i);
        cr_assert_gt(strlen(b.why.data), strlen(PATH));
        b.text.data[i] ^= 0x04;
    }
    bed_close(&b);
}

Test(catalog_files, any_shortened_file_is_told)
{
    struct bed b;

    bed_open(&b);
    for (size_t len = 0; len < b.text.len; len++)
        cr_assert_eq(read_text(&b, bytes_of(b.text.data, len)), ERR_CORRUPT, "%zu bytes", len);
    bed_close(&b);
}

Test(catalog_files, what_is_wrong_is_named_with_its_line)
{
    static const struct {
        const char *lines;
        const char *why;
    } cases[] = {
        {"format 2\n", PATH ":1: this release reads format 1 only"},
        {"name t\n", PATH ":1: expected a line 'format ...'"},
        {"format 1\nname a/b\n", PATH ":2: not a topic name"},
        {"format 1\nname t\nid 123\n", PATH ":3: not a topic id"},
        {"format 1\nname t\nid 5mYkPqzHSQCjdNNz3kQ0Ug\npartitions 0\n",
         PATH ":4: not a number of partitions"},
        {"format 1\nname t\nid 5mYkPqzHSQCjdNNz3kQ0Ug\npartitions 1\ncolour red\n",
         PATH ":5: this release does not know such a line"},
        {"format 1\nname t\nid 5mYkPqzHSQCjdNNz3kQ0Ug\npartitions 1\nconfig ack all\n",
         PATH ":5: Invalid value 'all' for topic config 'ack': argument(s) must be one of the "
              "following: none, written, synced"},
        {"format 1\nname t\nid 5mYkPqzHSQCjdNNz3kQ0Ug\npartitions 1\ndirectory +x\n",
         PATH ":5: not the directory of this topic"},
        {"format 1\nname t\nid 5mYkPqzHSQCjdNNz3kQ0Ug\npartitions 1\nconfig x\n",
         PATH ":5: expected a line 'config <key> <value>'"},
    };
    struct bed b;

    bed_open(&b);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cr_assert_eq(read_lines(&b, cases[i].lines), ERR_CORRUPT);
        cr_assert_str_eq(b.why.data, cases[i].why);
    }
    bed_close(&b);
}

Test(catalog_files, the_longest_name_fits_the_file_system)
{
    char name[TOPIC_NAME_BYTES_MAX + 1];
    catalog_path path;

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    catalog_meta_path(path, name);
    cr_assert_leq(strlen(path) - strlen(CATALOG_DIR "/"), 255);
}
