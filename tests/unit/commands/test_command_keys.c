/* SPDX-License-Identifier: BSD-3-Clause */
/* What calls name. Each is told as "name:what is done", where R reads, W changes, C is a channel and P a
 * pattern of them. */
#include "commands/command.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define WORDS_MAX 32

static struct command_table *table;

static void setup(void)
{
    table = command_table_create();
}

static void teardown(void)
{
    command_table_destroy(table);
}

TestSuite(command_keys, .init = setup, .fini = teardown);

static bool note(void *ctx, const struct command_key *k)
{
    struct buf *found = ctx;
    buf_printf(found, "%s%.*s:%s%s%s%s", found->len > 0 ? " " : "", (int)k->name.len, k->name.data,
               k->flags & KEY_READS ? "R" : "", k->flags & KEY_WRITES ? "W" : "",
               k->flags & KEY_CHANNEL ? "C" : "", k->flags & KEY_PATTERN ? "P" : "");
    return true;
}

static int split(char *line, struct bytes *argv)
{
    int argc = 0;
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = bytes_of_string(word);
    return argc;
}

static void expect(const char *call, const char *names)
{
    char line[512];
    struct bytes argv[WORDS_MAX];
    struct buf found = {0};
    snprintf(line, sizeof(line), "%s", call);
    int argc = split(line, argv);
    const struct command *c = command_find(table, argc, argv, NULL);
    cr_assert_not_null(c, "%s", call);
    cr_expect(command_keys(c, argc, argv, note, &found));
    buf_append_char(&found, '\0');
    cr_expect_str_eq(found.data, names, "%s: %s", call, found.data);
    buf_deinit(&found);
}

Test(command_keys, producers_write_the_topic)
{
    expect("produce orders v KEY k", "orders:W");
    expect("MPRODUCE orders VALUES a b", "orders:W");
}

Test(command_keys, readers_by_offset_read_each_topic)
{
    expect("fetch orders 0 EARLIEST COUNT 5", "orders:R");
    expect("mfetch COUNT 5 from a 0 1 b 1 2", "a:R b:R");
    expect("mfetch FROM FROM 0 1 b 1 2", "FROM:R b:R");
    expect("mfetch COUNT 5 BLOCK 0", "");
}

Test(command_keys, followers_read_the_topic_without_its_partition)
{
    expect("follow orders/3 KEY a/b FROM earliest users KEY from from latest from/0",
           "orders:R users:R from:R");
    expect("follow a/b/0", "a/b:R");
    expect("follow key from from", "key:R");
    expect("unfollow orders", "");
}

Test(command_keys, consumers_write_the_group_and_read_the_topics)
{
    expect("consume g m COUNT 5 TOPICS a b topics", "g:W a:R b:R topics:R");
    expect("consume TOPICS TOPICS TOPICS a", "TOPICS:W a:R");
    expect("commit g m a 0 5", "g:W");
    expect("group seek g t TO EARLIEST", "g:W t:R");
    expect("group delete g", "g:W");
    expect("group forget g t 0", "g:W t:R");
    expect("group lag g", "g:R");
    expect("group list", "");
}

Test(command_keys, commands_on_topics_do_what_they_say)
{
    expect("topic create t", "t:W");
    expect("topic delete a b c", "a:W b:W c:W");
    expect("topic offsets t", "t:R");
    expect("topic config get t", "t:R");
    expect("topic config SET t a b", "t:W");
    expect("topic config nonsense t", "t:W");
    expect("topic list", "");
}

Test(command_keys, echo_names_channels_and_patterns)
{
    expect("publish c m", "c:C");
    expect("spublish c m", "c:C");
    expect("subscribe a b", "a:C b:C");
    expect("ssubscribe a", "a:C");
    expect("psubscribe a* b*", "a*:P b*:P");
    expect("unsubscribe a", "");
    expect("pubsub numsub a", "");
}

static bool stop(void *ctx, const struct command_key *k)
{
    (*(int *)ctx)++;
    return k->word != 2;
}

Test(command_keys, a_walk_ends_when_it_is_told_to)
{
    struct bytes argv[] = {BYTES_LITERAL("subscribe"), BYTES_LITERAL("a"), BYTES_LITERAL("b"),
                           BYTES_LITERAL("c")};
    int calls = 0;
    cr_expect_not(command_keys(command_find(table, 4, argv, NULL), 4, argv, stop, &calls));
    cr_expect_eq(calls, 2);
}

Test(command_keys, the_short_form_is_one_range_where_that_is_enough)
{
    static const struct {
        const char *name;
        int first, last, step;
        bool movable;
    } cases[] = {
        {"produce", 1, 1, 1, false},    {"topic|delete", 2, -1, 1, false},
        {"group|seek", 2, 3, 1, false}, {"consume", 1, 1, 1, true},
        {"mfetch", 0, 0, 0, true},      {"follow", 0, 0, 0, true},
        {"subscribe", 0, 0, 0, false},  {"ping", 0, 0, 0, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct command *c = command_by_name(table, bytes_of_string(cases[i].name));
        cr_expect_eq(c->first_key, cases[i].first, "%s", c->name);
        cr_expect_eq(c->last_key, cases[i].last, "%s", c->name);
        cr_expect_eq(c->key_step, cases[i].step, "%s", c->name);
        cr_expect_eq((c->flags & CMD_MOVABLE_KEYS) != 0, cases[i].movable, "%s", c->name);
    }
}
