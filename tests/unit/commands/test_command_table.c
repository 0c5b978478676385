/* SPDX-License-Identifier: BSD-3-Clause */
/* The table: finding commands, and what COMMAND tells of them. */
#include "connection_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct fixture f;

static void setup(void)
{
    fixture_init(&f);
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(command_table, .init = setup, .fini = teardown);

#define EXPECT_REPLY(lines, wanted) cr_expect_str_eq(fixture_say(&f, 0, lines), wanted)

static const struct command *find(const char *first, const char *second,
                                  const struct command **container)
{
    struct bytes argv[2] = {bytes_of_string(first), BYTES_NULL};
    if (second != NULL)
        argv[1] = bytes_of_string(second);
    return command_find(f.sv.commands, second == NULL ? 1 : 2, argv, container);
}

Test(command_table, finds_commands_and_sub_commands_without_regard_to_case)
{
    cr_expect_str_eq(find("PiNG", NULL, NULL)->name, "ping");
    cr_expect_str_eq(find("CLIENT", "List", NULL)->name, "client|list");
    cr_expect_str_eq(find("CLIENT", "List", NULL)->parent->name, "client");
    cr_expect_str_eq(find("ping", "list", NULL)->name, "ping");
}

Test(command_table, one_typed_after_the_other_is_found_as_by_itself)
{
    static const char *const words[] = {"ping",         "PING",
                                        "pinG",         "pin",
                                        "produce",      "produce",
                                        "producf",      "publish",
                                        "info",         "",
                                        "punsubscribe", "psubscribe",
                                        "fetch",        "ping",
                                        "client",       "a-word-that-is-none",
                                        "info",         "punsubscribe"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        for (size_t j = 0; j < COUNT_OF(words); j++) {
            struct bytes first = bytes_of_string(words[i]), second = bytes_of_string(words[j]);
            (void)command_find(f.sv.commands, 1, &first, NULL);
            cr_expect_eq(command_find(f.sv.commands, 1, &second, NULL),
                         command_by_name(f.sv.commands, second), "%s, %s", words[i], words[j]);
        }
}

Test(command_table, an_unknown_sub_command_names_its_container)
{
    const struct command *container;
    cr_expect_null(find("client", "nope", &container));
    cr_expect_str_eq(container->name, "client");
    cr_expect_null(find("nope", "list", &container));
    cr_expect_null(container);
}

Test(command_table, a_full_name_is_no_command_to_type)
{
    cr_expect_null(find("client|list", NULL, NULL));
    cr_expect_str_eq(command_by_name(f.sv.commands, BYTES_LITERAL("Client|LIST"))->word, "list");
}

Test(command_table, sub_commands_stand_behind_their_container)
{
    const struct command_table *t = f.sv.commands;
    const struct command *whole = NULL;
    for (size_t i = 0; i < command_table_count(t); i++) {
        const struct command *c = command_at(t, i);
        cr_expect_eq(c->index, i);
        if (c->parent == NULL)
            whole = c;
        else
            cr_expect_eq(c->parent, whole, "%s", c->name);
    }
}

Test(command_table, unknown_and_misused_commands_are_refused_in_redis_words)
{
    EXPECT_REPLY("nope a 'b c'",
                 "-ERR unknown command 'nope', with args beginning with: 'a' 'b c' \r\n");
    EXPECT_REPLY("client nope", "-ERR unknown subcommand 'nope'. Try CLIENT HELP.\r\n");
    EXPECT_REPLY("client", "-ERR wrong number of arguments for 'client' command\r\n");
    EXPECT_REPLY("client id x", "-ERR wrong number of arguments for 'client|id' command\r\n");
}

Test(command_table, a_command_counts_its_calls_refusals_and_failures)
{
    fixture_say(&f, 0, "select 0\nselect 9\nselect");
    const struct command *select = find("select", NULL, NULL);
    const struct command_stats *stats = command_stats(f.sv.commands, select);
    cr_expect_eq(stats->calls, 2);
    cr_expect_eq(stats->failed, 1);
    cr_expect_eq(stats->rejected, 1);
}

Test(command_table, count_counts_whole_commands_only)
{
    size_t whole = 0;
    for (size_t i = 0; i < command_table_count(f.sv.commands); i++)
        whole += strchr(command_at(f.sv.commands, i)->name, '|') == NULL;
    char wanted[32];
    snprintf(wanted, sizeof(wanted), ":%zu\r\n", whole);
    EXPECT_REPLY("command count", wanted);
}

Test(command_table, info_is_ten_fields_and_null_for_the_unknown)
{
    EXPECT_REPLY(
        "command info echo nope",
        "*2\r\n*10\r\n$4\r\necho\r\n:2\r\n*3\r\n+fast\r\n+loading\r\n+stale\r\n:0\r\n:0\r\n:0\r\n"
        "*2\r\n+@fast\r\n+@connection\r\n*0\r\n*0\r\n*0\r\n$-1\r\n");
}

Test(command_table, info_of_a_container_holds_its_sub_commands)
{
    const char *reply = fixture_say(&f, 0, "command info config");
    cr_expect_not_null(strstr(reply, "*10\r\n$10\r\nconfig|get\r\n:-3\r\n"));
    cr_expect_not_null(strstr(reply, "*10\r\n$11\r\nconfig|help\r\n:2\r\n"));
}

Test(command_table, info_says_where_the_topic_stands)
{
    const char *reply = fixture_say(&f, 0, "hello 3\ncommand info topic|delete");
    cr_expect_not_null(
        strstr(reply, "$12\r\ntopic|delete\r\n:-3\r\n~1\r\n+write\r\n:2\r\n:-1\r\n:1\r\n"));
    cr_expect_not_null(strstr(reply, "$12\r\nbegin_search\r\n%2\r\n$4\r\ntype\r\n$5\r\nindex\r\n"
                                     "$4\r\nspec\r\n%1\r\n$5\r\nindex\r\n:2\r\n"));
    cr_expect_not_null(strstr(reply, "$5\r\nflags\r\n~2\r\n+RM\r\n+delete\r\n"));
    cr_expect_not_null(strstr(reply, "$7\r\nlastkey\r\n:-1\r\n"));
    reply = fixture_say(&f, 0, "command info consume");
    cr_expect_not_null(strstr(reply, "$7\r\nkeyword\r\n$6\r\nTOPICS\r\n$9\r\nstartfrom\r\n:3\r\n"));
}

Test(command_table, docs_tell_summary_syntax_and_arguments)
{
    EXPECT_REPLY("command docs nope auth",
                 "*2\r\n$4\r\nauth\r\n*12\r\n$7\r\nsummary\r\n$22\r\nLogs the connection in\r\n"
                 "$5\r\nsince\r\n$5\r\n0.1.0\r\n$5\r\ngroup\r\n$10\r\nconnection\r\n"
                 "$10\r\ncomplexity\r\n$33\r\nO(N) with N passwords of the user\r\n"
                 "$6\r\nsyntax\r\n$19\r\n[username] password\r\n$9\r\narguments\r\n*2\r\n"
                 "*6\r\n$4\r\nname\r\n$8\r\nusername\r\n$4\r\ntype\r\n$6\r\nstring\r\n"
                 "$5\r\nflags\r\n*1\r\n+optional\r\n"
                 "*4\r\n$4\r\nname\r\n$8\r\npassword\r\n$4\r\ntype\r\n$6\r\nstring\r\n");
}

Test(command_table, list_filters_by_pattern_category_and_module)
{
    EXPECT_REPLY("command list filterby pattern CLIENT|UNB*", "*1\r\n$14\r\nclient|unblock\r\n");
    EXPECT_REPLY("command list filterby aclcat transaction",
                 "*3\r\n$5\r\nmulti\r\n$4\r\nexec\r\n$7\r\ndiscard\r\n");
    EXPECT_REPLY("command list filterby aclcat nope", "*0\r\n");
    EXPECT_REPLY("command list filterby module json", "*0\r\n");
    EXPECT_REPLY("command list filterby", "-ERR syntax error\r\n");
    EXPECT_REPLY("command list filterby colour red", "-ERR syntax error\r\n");
}

/* --- what stands beside the table --------------------------------------------------------------- */

static const char *const names_with_facts[] = {
#define FACTS(name, complexity, tips) name,
#include "commands/command_facts.def"
#undef FACTS
};

Test(command_table, facts_are_of_commands_and_each_is_told_once)
{
    for (size_t i = 0; i < COUNT_OF(names_with_facts); i++) {
        struct bytes name = bytes_of_string(names_with_facts[i]);
        cr_expect_not_null(command_by_name(f.sv.commands, name), "there is no '%s'",
                           names_with_facts[i]);
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(names_with_facts[k], names_with_facts[i]);
    }
}

Test(command_table, docs_say_what_a_command_costs_and_which_arguments_are_keys)
{
    const char *docs = fixture_say(&f, 0, "COMMAND DOCS publish");
    cr_expect_not_null(strstr(docs, "\r\ncomplexity\r\n"));
    cr_expect_not_null(strstr(docs, "\r\nO(N+M) with"));
    docs = fixture_say(&f, 0, "COMMAND DOCS topic|describe");
    cr_expect_not_null(strstr(docs, "$4\r\nname\r\n$4\r\nname\r\n$4\r\ntype\r\n$3\r\nkey\r\n"
                                    "$14\r\nkey_spec_index\r\n:0\r\n"),
                       "%s", docs);
    docs = fixture_say(&f, 0, "COMMAND DOCS consume");
    cr_expect_not_null(
        strstr(docs, "$5\r\ngroup\r\n$4\r\ntype\r\n$3\r\nkey\r\n$14\r\nkey_spec_index\r\n:0"), "%s",
        docs);
    cr_expect_not_null(
        strstr(docs, "$5\r\ntopic\r\n$4\r\ntype\r\n$3\r\nkey\r\n$14\r\nkey_spec_index\r\n:1"), "%s",
        docs);
    docs = fixture_say(&f, 0, "COMMAND DOCS mfetch");
    cr_expect_not_null(
        strstr(docs, "$5\r\ntopic\r\n$4\r\ntype\r\n$3\r\nkey\r\n$14\r\nkey_spec_index\r\n:0"), "%s",
        docs);
    docs = fixture_say(&f, 0, "COMMAND DOCS follow");
    cr_expect_not_null(strstr(docs, "key_spec_index"), "%s", docs);
    cr_expect_null(strstr(fixture_say(&f, 0, "COMMAND DOCS subscribe"), "key_spec_index"));
}

Test(command_table, info_gives_tips)
{
    cr_expect_not_null(
        strstr(fixture_say(&f, 0, "COMMAND INFO dbsize"),
               "*2\r\n$25\r\nrequest_policy:all_shards\r\n$23\r\nresponse_policy:agg_sum\r\n"));
}

Test(command_table, getkeys_finds_topics_and_groups)
{
    EXPECT_REPLY("COMMAND GETKEYS PRODUCE t v KEY k", "*1\r\n$1\r\nt\r\n");
    EXPECT_REPLY("COMMAND GETKEYS CONSUME g m TOPICS a b",
                 "*3\r\n$1\r\ng\r\n$1\r\na\r\n$1\r\nb\r\n");
    EXPECT_REPLY("COMMAND GETKEYS mfetch COUNT 5 FROM a 0 1 b 2 3", "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    EXPECT_REPLY("COMMAND GETKEYSANDFLAGS TOPIC DELETE a",
                 "*1\r\n*2\r\n$1\r\na\r\n*2\r\n+RM\r\n+delete\r\n");
    EXPECT_REPLY("COMMAND GETKEYSANDFLAGS MEMORY USAGE a", "*1\r\n*2\r\n$1\r\na\r\n*1\r\n+RO\r\n");
}

Test(command_table, getkeys_refuses_in_redis_words)
{
    EXPECT_REPLY("COMMAND GETKEYS nosuch x", "-ERR Invalid command specified\r\n");
    EXPECT_REPLY("COMMAND GETKEYS client nosuch", "-ERR Invalid command specified\r\n");
    EXPECT_REPLY("COMMAND GETKEYS ping x", "-ERR The command has no key arguments\r\n");
    EXPECT_REPLY("COMMAND GETKEYS publish c m", "-ERR The command has no key arguments\r\n");
    EXPECT_REPLY("COMMAND GETKEYS produce t",
                 "-ERR Invalid number of arguments specified for command\r\n");
    EXPECT_REPLY("COMMAND GETKEYS",
                 "-ERR wrong number of arguments for 'command|getkeys' command\r\n");
    EXPECT_REPLY("COMMAND GETKEYS mfetch COUNT 5 TO a 0",
                 "-ERR Invalid arguments specified for command\r\n");
}
