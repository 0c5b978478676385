/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/trace.h"
#include "config/config.h"
#include "config/words.h"
#include "unit/config/say.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define ANNOTATED_FILE "conf/echolog.conf"

static struct buf read_annotated_file(void)
{
    FILE *file = fopen(ANNOTATED_FILE, "rb");
    struct buf text = {0};
    size_t got;

    cr_assert_not_null(file, "run from the top of the project");
    do {
        got = fread(buf_reserve(&text, 4096), 1, 4096, file);
        text.len += got;
    } while (got > 0);
    (void)fclose(file);
    return text;
}

static const struct directive *find(const char *name)
{
    const struct directive *d = directive_find(&config_table, bytes_of_string(name));

    cr_assert_not_null(d, "%s", name);
    return d;
}

Test(config, defaults_are_those_of_redis_and_kafka)
{
    struct config c;

    config_init(&c);
    cr_assert_str_eq(c.bind, "127.0.0.1 -::1");
    cr_assert(c.port == CONFIG_PORT_DEFAULT);
    cr_assert(c.tcp_backlog == 511);
    cr_assert(c.tcp_keepalive_s == 300);
    cr_assert(c.timeout_s == 0);
    cr_assert(c.maxclients == 10000);
    cr_assert(c.protected_mode);
    cr_assert_str_eq(c.requirepass, "");
    cr_assert(c.proto_max_bulk_len == 512 << 20);
    cr_assert(c.client_query_buffer_limit == 1 << 30);
    cr_assert(c.output_limits[CONFIG_CLASS_NORMAL].hard_bytes == 0);
    cr_assert(c.output_limits[CONFIG_CLASS_PUBSUB].hard_bytes == 32 << 20);
    cr_assert(c.output_limits[CONFIG_CLASS_PUBSUB].soft_bytes == 8 << 20);
    cr_assert(c.output_limits[CONFIG_CLASS_PUBSUB].soft_seconds == 60);
    cr_assert(c.loglevel == TRACE_NOTICE);
    cr_assert(c.default_ack == CONFIG_ACK_SYNCED);
    cr_assert(c.default_partitions == 1);
    cr_assert(c.auto_create_topics);
    cr_assert(c.log_retention_ms == 7LL * 24 * 60 * 60 * 1000);
    cr_assert(c.log_retention_bytes == -1);
    cr_assert(c.log_segment_bytes == 1 << 30);
    cr_assert(c.message_max_bytes == (1 << 20) + 12);
    config_deinit(&c);
}

Test(config, every_directive_says_what_it_is_for_and_has_a_name_of_its_own)
{
    for (size_t i = 0; i < config_table.count; i++) {
        const struct directive *d = &config_table.items[i];

        cr_assert(d->summary != NULL && d->summary[0] != '\0', "%s", d->name);
        cr_assert(directive_find(&config_table, bytes_of_string(d->name)) == d, "%s", d->name);
    }
}

Test(config, the_annotated_file_equals_the_defaults)
{
    struct buf text = read_annotated_file(), why = {0};
    struct config defaults, c;

    config_init(&defaults);
    config_init(&c);
    c.output_limits[CONFIG_CLASS_NORMAL].hard_bytes = 1;
    c.output_limits[CONFIG_CLASS_PUBSUB].hard_bytes = 1;
    struct config_source source = {.config = &c, .why = &why};
    cr_assert(config_read_text(&source, ANNOTATED_FILE, buf_bytes(&text)) == ERR_OK, "%.*s",
              (int)why.len, why.data);
    for (size_t i = 0; i < config_table.count; i++)
        cr_assert(directive_equal(&config_table.items[i], &c, &defaults), "%s",
                  config_table.items[i].name);
    config_deinit(&defaults);
    config_deinit(&c);
    buf_deinit(&text);
}

Test(config, the_annotated_file_names_every_directive)
{
    struct buf text = read_annotated_file(), name = {0};

    buf_append_char(&text, '\0');
    for (size_t i = 0; i < config_table.count; i++) {
        buf_clear(&name);
        /* Of what may stand many times there is an example. */
        buf_printf(&name, "\n%s%s ", config_table.items[i].flags & DIRECTIVE_LINES ? "#   " : "",
                   config_table.items[i].name);
        buf_append_char(&name, '\0');
        cr_assert_not_null(strstr(text.data, name.data), "%s", config_table.items[i].name);
    }
    buf_deinit(&text);
    buf_deinit(&name);
}

Test(config, bind_takes_up_to_the_maximum_of_addresses_and_at_least_one)
{
    struct config c;
    struct buf list = {0};

    config_init(&c);
    cr_assert_str_eq(set_one(&c, find("bind"), "  10.0.0.1 \t -::1 "), "");
    cr_assert_str_eq(c.bind, "10.0.0.1 -::1");
    cr_assert_str_eq(set_one(&c, find("bind"), " "), "argument must name at least one address");
    for (int i = 0; i < CONFIG_BIND_MAX; i++)
        buf_append_string(&list, "* ");
    buf_append_char(&list, '\0');
    cr_assert_str_eq(set_one(&c, find("bind"), list.data), "");
    list.len--;
    buf_append(&list, "*", 2);
    cr_assert_str_eq(set_one(&c, find("bind"), list.data), "Too many bind addresses specified.");
    config_deinit(&c);
    buf_deinit(&list);
}

Test(config, output_limits_change_only_the_classes_they_name)
{
    const struct directive *d = find("client-output-buffer-limit");
    struct config c;

    config_init(&c);
    cr_assert_str_eq(set_one(&c, d, "NORMAL 1mb 1kb 10"), "");
    cr_assert_str_eq(get_one(&c, d), "normal 1048576 1024 10 pubsub 33554432 8388608 60");
    cr_assert_str_eq(set_one(&c, d, ""), "");
    cr_assert_str_eq(set_one(&c, d, "pubsub 1 2 3  normal 4 5 6"), "");
    cr_assert_str_eq(get_one(&c, d), "normal 4 5 6 pubsub 1 2 3");
    config_deinit(&c);
}

Test(config, output_limits_of_replicas_are_checked_and_forgotten)
{
    const struct directive *d = find("client-output-buffer-limit");
    struct config c;

    config_init(&c);
    cr_assert_str_eq(set_one(&c, d, "replica 256mb 64mb 60 slave 1 1 1"), "");
    cr_assert_str_eq(get_one(&c, d), "normal 0 0 0 pubsub 33554432 8388608 60");
    cr_assert_str_eq(set_one(&c, d, "replica x 64mb 60"),
                     "Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    config_deinit(&c);
}

Test(config, bad_output_limits_change_nothing)
{
    const struct directive *d = find("client-output-buffer-limit");
    static const char *const bad[][2] = {
        {"normal 1 1", "Wrong number of arguments in buffer limit configuration."},
        {"normal 1 1 1 pubsub", "Wrong number of arguments in buffer limit configuration."},
        {"normal 1 1 1 norm 1 1 1",
         "Invalid client class specified in buffer limit configuration."},
        {"normal 1 1 -1",
         "Error in hard, soft or soft_seconds setting in buffer limit configuration."},
        {"normal 1 1 1 pubsub 1 -1kb 1",
         "Error in hard, soft or soft_seconds setting in buffer limit configuration."},
    };
    struct config c;

    config_init(&c);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        cr_assert_str_eq(set_one(&c, d, bad[i][0]), bad[i][1]);
        cr_assert_str_eq(get_one(&c, d), "normal 0 0 0 pubsub 33554432 8388608 60");
    }
    config_deinit(&c);
}

Test(config, the_data_directory_has_a_name)
{
    struct config c;

    config_init(&c);
    cr_assert_str_eq(set_one(&c, find("dir"), ""), "argument must name a directory");
    cr_assert_str_eq(c.dir, "./echolog-data");
    config_deinit(&c);
}
