/* SPDX-License-Identifier: BSD-3-Clause */
/* Syntax texts become trees. A tree is compared as text: v value, t token, (…) block, {…} choice,
 * ? optional, * repeated, + repeated with its keyword, KEY: before what the keyword introduces. */
#include "base/buf.h"
#include "commands/command.h"
#include "commands/command_syntax.h"

#include <criterion/criterion.h>

static void show_list(struct buf *b, const struct syntax *s, int first);

static void show(struct buf *b, const struct syntax *s, const struct syntax_node *n)
{
    if (n->type != SYNTAX_TOKEN && !bytes_is_null(n->token)) {
        buf_append_bytes(b, n->token);
        buf_append_char(b, ':');
    }
    if (n->type == SYNTAX_VALUE || n->type == SYNTAX_TOKEN)
        buf_append_bytes(b, n->type == SYNTAX_VALUE ? n->text : n->token);
    if (n->type == SYNTAX_BLOCK || n->type == SYNTAX_ONEOF) {
        buf_append_char(b, n->type == SYNTAX_BLOCK ? '(' : '{');
        show_list(b, s, n->child);
        buf_append_char(b, n->type == SYNTAX_BLOCK ? ')' : '}');
    }
    buf_append_string(b, n->optional ? "?" : "");
    buf_append_string(b, n->multiple_token ? "+" : n->multiple ? "*" : "");
}

static void show_list(struct buf *b, const struct syntax *s, int first)
{
    for (int i = first; i != SYNTAX_NONE; i = s->nodes[i].next) {
        if (i != first)
            buf_append_char(b, ' ');
        show(b, s, &s->nodes[i]);
    }
}

static void expect(const char *text, const char *wanted)
{
    struct syntax syntax;
    cr_assert_eq(syntax_parse(text, &syntax), ERR_OK, "%s", text);
    struct buf got = {0};
    show_list(&got, &syntax, syntax.first);
    buf_append_char(&got, '\0');
    cr_expect_str_eq(got.data, wanted);
    buf_deinit(&got);
}

Test(command_syntax, no_arguments_are_none)
{
    expect("", "");
}

Test(command_syntax, values_stand_side_by_side)
{
    expect("channel message", "channel message");
    expect("[message]", "message?");
}

Test(command_syntax, a_keyword_introduces_the_values_behind_it)
{
    expect("name [MATCH pattern]", "name MATCH:pattern?");
    expect("[AUTH user password]", "AUTH:(user password)?");
    expect("name PARTITIONS n [REMAP]", "name PARTITIONS:n REMAP?");
}

Test(command_syntax, keywords_side_by_side_are_one)
{
    expect("[IF NOT EXISTS]", "IF NOT EXISTS?");
}

Test(command_syntax, a_repeated_word_is_multiple)
{
    expect("channel [channel ...]", "channel*");
    expect("[channel [channel ...]]", "channel?*");
    expect("VALUES value [value ...]", "VALUES:value*");
}

Test(command_syntax, a_repeated_group_is_a_block)
{
    expect("key value [key value ...]", "(key value)*");
    expect("PAIRS key value [key value ...]", "PAIRS:(key value)*");
    expect("SET name key value [key value ...]", "SET:(name (key value)*)");
}

Test(command_syntax, a_group_repeated_with_its_keyword_says_so)
{
    expect("[HEADER name value [HEADER name value ...]]", "HEADER:(name value)?+");
}

Test(command_syntax, a_choice_has_one_child_per_way)
{
    expect("<ON | OFF>", "{ON OFF}");
    expect("[NOSAVE | SAVE]", "{NOSAVE SAVE}?");
    expect("[ACK <NONE | WRITTEN>]", "ACK:{NONE WRITTEN}?");
    expect("<MODULE name | PATTERN pattern>", "{MODULE:name PATTERN:pattern}");
    expect("<ip:port | [ID id] [TYPE <A | B>]>", "{ip:port (ID:id? TYPE:{A B}?)}");
}

Test(command_syntax, options_may_stand_inside_options)
{
    expect("[protover [SETNAME name]]", "(protover SETNAME:name?)?");
}

Test(command_syntax, what_is_not_in_the_notation_is_refused)
{
    static const char *const wrong[] = {"[",     "]",         "a]",       "[a",    "<a",
                                        "a | b", "[]",        "<>",       "<a |>", "[a b ...]",
                                        "...",   "[a | ...]", "a [ ... ]"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct syntax syntax;
        cr_expect_eq(syntax_parse(wrong[i], &syntax), ERR_INVALID, "'%s'", wrong[i]);
    }
}

Test(command_syntax, more_than_fits_is_refused)
{
    struct syntax syntax;
    char text[4 * SYNTAX_NODES_MAX + 3] = "";
    memset(text, '[', sizeof(text) - 1);
    cr_expect_eq(syntax_parse(text, &syntax), ERR_INVALID);
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "a ", 2);
    cr_expect_eq(syntax_parse(text, &syntax), ERR_INVALID);
}

Test(command_syntax, every_command_of_the_table_is_understood)
{
    struct command_table *t = command_table_create();
    for (size_t i = 0; i < command_table_count(t); i++) {
        struct syntax syntax;
        const struct command *c = command_at(t, i);
        cr_expect_eq(syntax_parse(c->syntax, &syntax), ERR_OK, "%s", c->name);
    }
    command_table_destroy(t);
}
