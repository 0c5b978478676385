/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit/access/words.h"

#include "access/rules.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { READ = 1, WRITE = 2, FAST = 4, SLOW = 8, ADMIN = 16, PUBSUB = 32, LOG = 64 };

static const char *const categories[] = {"read",  "write",  "fast", "slow",
                                         "admin", "pubsub", "log",  "empty"};

static const struct access_command commands[] = {
    {.name = "get", .categories = READ | FAST},
    {.name = "set", .categories = WRITE | SLOW},
    {.name = "del", .categories = WRITE | SLOW},
    {.name = "config", .categories = SLOW, .subcommand_count = 3},
    {.name = "config|get", .categories = SLOW | ADMIN, .is_subcommand = true},
    {.name = "config|set", .categories = SLOW | ADMIN, .is_subcommand = true},
    {.name = "config|help", .categories = SLOW, .is_subcommand = true},
    {.name = "select", .categories = FAST},
    {.name = "auth", .categories = FAST, .for_everyone = true},
    {.name = "publish", .categories = PUBSUB | FAST},
    {.name = "subscribe", .categories = PUBSUB | SLOW},
    {.name = "psubscribe", .categories = PUBSUB | SLOW},
    {.name = "produce", .categories = WRITE | FAST | LOG},
    {.name = "fetch", .categories = READ | SLOW | LOG},
};

static size_t find(const void *ctx, struct bytes name)
{
    (void)ctx;
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (bytes_is(name, commands[i].name))
            return i;
    return ACCESS_NO_COMMAND;
}

const struct access_vocabulary words = {
    .commands = commands,
    .command_count = COUNT_OF(commands),
    .categories = categories,
    .category_count = COUNT_OF(categories),
    .find = find,
};

static size_t split(char *line, struct bytes *to)
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        to[count++] = bytes_of_string(word);
    return count;
}

enum rule_error apply_line(struct user *u, const char *line)
{
    char text[1024];
    struct bytes items[128];
    struct rules rules;
    size_t unclosed;
    enum rule_error error = RULE_OK;
    cr_assert_lt(snprintf(text, sizeof(text), "%s", line), (int)sizeof(text));
    cr_assert_eq(rules_join(items, split(text, items), &rules, &unclosed), ERR_OK);
    for (size_t i = 0; i < rules.count && error == RULE_OK; i++)
        error = user_apply(u, rules.items[i]);
    rules_free(&rules);
    return error;
}

struct user *user_of(const char *rules)
{
    struct user *u = user_create(BYTES_LITERAL("u"), &words, false);
    cr_assert_eq(apply_line(u, rules), RULE_OK, "%s", rules);
    return u;
}

/* What the words behind a command are to it. */
static unsigned use_of(size_t command)
{
    uint32_t c = commands[command].categories;
    if (strcmp(commands[command].name, "psubscribe") == 0)
        return ACCESS_PATTERN;
    if (c & PUBSUB)
        return ACCESS_CHANNEL;
    return c & READ ? ACCESS_READ : c & WRITE ? ACCESS_WRITE : 0;
}

char judge(const struct user *u, const char *line)
{
    char text[256];
    struct bytes argv[16];
    struct access_name names[16];
    size_t at;
    snprintf(text, sizeof(text), "%s", line);
    struct access_call call = {.argv = argv, .names = names};
    call.argc = (int)split(text, argv);
    call.command = find(NULL, argv[0]);
    cr_assert_neq(call.command, ACCESS_NO_COMMAND, "%s", line);
    for (int i = 1; i < call.argc && use_of(call.command) != 0; i++)
        names[call.name_count++] =
            (struct access_name){.text = argv[i], .use = use_of(call.command)};
    return "+ckh"[user_check(u, &call, &at)];
}
