/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules, and how they are told again. The expected texts were compared with what redis-server 7.0 says. */
#include "access/rules.h"
#include "unit/access/words.h"

#include <criterion/criterion.h>

#define HASH_OF_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

static void expect(const char *rules, const char *told)
{
    struct user *u = user_of(rules);
    struct buf text = {0};
    user_describe(u, &text);
    buf_append_char(&text, '\0');
    cr_expect_str_eq(text.data, told, "%s: %s", rules, text.data);
    buf_deinit(&text);
    user_destroy(u);
}

Test(rules, what_a_new_user_may_do_is_nothing)
{
    expect("", "user u off resetchannels -@all");
    expect("reset", "user u off sanitize-payload resetchannels -@all");
}

Test(rules, commands_are_told_in_as_few_rules_as_describe_them)
{
    expect("+get", "user u off resetchannels -@all +get");
    expect("+GET +Set -get", "user u off resetchannels -@all +set");
    expect("+@read", "user u off resetchannels -@all +@read");
    expect("+get +fetch", "user u off resetchannels -@all +@read");
    expect("+@all", "user u off resetchannels +@all");
    expect("allcommands -@admin", "user u off resetchannels +@all -@admin");
    expect("+@all -@admin +config|get", "user u off resetchannels +@all -config|set");
    expect("+@all -@write +set", "user u off resetchannels +@all -@write +set");
    expect("+@all -get +get", "user u off resetchannels +@all");
    expect("+@all +get -@all", "user u off resetchannels -@all");
    expect("+@read nocommands", "user u off resetchannels -@all");
    expect("+config -config|set", "user u off resetchannels -@all +config -config|set");
    expect("+config|get +config|set +config|help",
           "user u off resetchannels -@all +@admin +config|help");
    expect("+@all -get -set -del -fetch -produce", "user u off resetchannels +@all -@write -@read");
    expect("+@empty", "user u off resetchannels -@all");
}

Test(rules, a_first_argument_can_be_allowed_alone)
{
    expect("+select|0", "user u off resetchannels -@all +select|0");
    expect("+select|0 +select|1 +SELECT|0", "user u off resetchannels -@all +select|0 +select|1");
    expect("+select|0 +select", "user u off resetchannels -@all +select");
    expect("+select +select|0", "user u off resetchannels -@all +select");
    expect("+select|0 -select", "user u off resetchannels -@all");
    expect("+select|0 -@all", "user u off resetchannels -@all");
    expect("+@all -select +select|0", "user u off resetchannels +@all -select +select|0");
}

Test(rules, keys_and_channels_are_told_in_the_order_they_came)
{
    expect("~b ~a ~b", "user u off ~b ~a resetchannels -@all");
    expect("%R~a %W~b %RW~c %wr~d", "user u off %R~a %W~b ~c ~d resetchannels -@all");
    expect("%R~a %W~a", "user u off ~a resetchannels -@all");
    expect("%R~* %W~* ~a", "user u off %RW~* ~a resetchannels -@all");
    expect("~a allkeys", "user u off ~* resetchannels -@all");
    expect("~* resetkeys ~a", "user u off ~a resetchannels -@all");
    expect("&b &a &b", "user u off resetchannels &b &a -@all");
    expect("&a allchannels", "user u off &* -@all");
    expect("&* resetchannels &a", "user u off resetchannels &a -@all");
    expect("~ &", "user u off ~ resetchannels & -@all");
}

Test(rules, passwords_are_kept_as_hashes)
{
    expect(">a", "user u off #" HASH_OF_A " resetchannels -@all");
    expect("#" HASH_OF_A " >a", "user u off #" HASH_OF_A " resetchannels -@all");
    expect(">a <a", "user u off resetchannels -@all");
    expect(">a !" HASH_OF_A, "user u off resetchannels -@all");
    expect(">a nopass", "user u off nopass resetchannels -@all");
    expect("nopass >a", "user u off #" HASH_OF_A " resetchannels -@all");
    expect("nopass resetpass on", "user u on resetchannels -@all");
    expect("skip-sanitize-payload", "user u off skip-sanitize-payload resetchannels -@all");
    expect("skip-sanitize-payload sanitize-payload",
           "user u off sanitize-payload resetchannels -@all");
}

Test(rules, selectors_stand_behind_in_parentheses)
{
    expect("(~a +get) (&b)",
           "user u off resetchannels -@all (~a resetchannels -@all +get) (resetchannels &b -@all)");
    expect("(~a \"+get\") clearselectors", "user u off resetchannels -@all");
    expect("()", "user u off resetchannels -@all (resetchannels -@all)");
    expect("(~a) reset", "user u off sanitize-payload resetchannels -@all");
}

Test(rules, wrong_ones_are_refused_for_their_reason_and_change_nothing)
{
    static const struct {
        const char *rule;
        enum rule_error error;
    } cases[] = {
        {"nonsense", RULE_SYNTAX},
        {"+nope", RULE_UNKNOWN},
        {"-nope", RULE_UNKNOWN},
        {"+@nope", RULE_UNKNOWN},
        {"-select|0", RULE_UNKNOWN},
        {"+config|nope", RULE_UNKNOWN},
        {"+nope|x", RULE_UNKNOWN},
        {"+get|x|y", RULE_UNKNOWN},
        {"+", RULE_UNKNOWN},
        {"-", RULE_UNKNOWN},
        {"+select|", RULE_SYNTAX},
        {"+config|get|x", RULE_WORD_OF_SUBCOMMAND},
        {"%~a", RULE_SYNTAX},
        {"%", RULE_SYNTAX},
        {"%X~a", RULE_SYNTAX},
        {"%RWR~a", RULE_SYNTAX},
        {"#abc", RULE_BAD_HASH},
        {"!CA978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", RULE_BAD_HASH},
        {"<nope", RULE_NO_PASSWORD},
        {"(on)", RULE_SYNTAX},
        {"(+nope)", RULE_UNKNOWN},
        {"(~*", RULE_SYNTAX},
    };
    struct user *u = user_of("on >a ~k +get (~b)");
    struct buf before = {0}, after = {0};
    user_describe(u, &before);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_clear(&after);
        cr_expect_eq(user_apply(u, bytes_of_string(cases[i].rule)), cases[i].error, "%s",
                     cases[i].rule);
        user_describe(u, &after);
        cr_expect(bytes_equal(buf_bytes(&before), buf_bytes(&after)), "%s", cases[i].rule);
    }
    cr_expect_eq(apply_line(u, "~* ~a"), RULE_ALL_KEYS_ALREADY);
    cr_expect_eq(apply_line(u, "&* &a"), RULE_ALL_CHANNELS_ALREADY);
    cr_expect_eq(apply_line(u, "resetkeys resetchannels"), RULE_OK);
    cr_expect_eq(user_apply(u, BYTES_LITERAL("~a b")), RULE_SYNTAX);
    cr_expect_eq(user_apply(u, BYTES_LITERAL("&a\0b")), RULE_SYNTAX);
    cr_expect_eq(user_apply(u, BYTES_LITERAL("")), RULE_OK);
    buf_deinit(&before);
    buf_deinit(&after);
    user_destroy(u);
}

Test(rules, words_of_a_selector_are_joined)
{
    struct bytes given[] = {BYTES_LITERAL("on"), BYTES_LITERAL("(~a"), BYTES_LITERAL(""),
                            BYTES_LITERAL("+get)"), BYTES_LITERAL("(x)")};
    struct rules rules;
    size_t unclosed;
    cr_assert_eq(rules_join(given, COUNT_OF(given), &rules, &unclosed), ERR_OK);
    cr_expect_eq(rules.count, 3);
    cr_expect(bytes_equal(rules.items[1], BYTES_LITERAL("(~a  +get)")));
    cr_expect(bytes_equal(rules.items[2], BYTES_LITERAL("(x)")));
    rules_free(&rules);
    cr_assert_eq(rules_join(given, 3, &rules, &unclosed), ERR_INVALID);
    cr_expect_eq(unclosed, 1);
    cr_assert_eq(rules_join(given, 0, &rules, &unclosed), ERR_OK);
    cr_expect_eq(rules.count, 0);
    rules_free(&rules);
}
