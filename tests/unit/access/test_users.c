/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of users, passwords, and users in text. */
#include "unit/access/words.h"

#include <criterion/criterion.h>

static struct users *us;

static void setup(void)
{
    us = users_create(&words);
}

static void teardown(void)
{
    users_destroy(us);
}

TestSuite(users, .init = setup, .fini = teardown);

static struct user *set(const char *name, const char *rules)
{
    struct user *draft = users_draft(us, bytes_of_string(name));
    cr_assert_eq(apply_line(draft, rules), RULE_OK);
    return users_accept(us, draft);
}

static void expect_text(const char *text)
{
    struct buf all = {0};
    users_write(us, &all);
    buf_append_char(&all, '\0');
    cr_expect_str_eq(all.data, text, "%s", all.data);
    buf_deinit(&all);
}

Test(users, there_is_one_at_first_who_may_do_everything)
{
    expect_text("user default on nopass ~* &* +@all\n");
    cr_expect(users_default(us)->unrestricted);
    cr_expect(users_are_open(us));
}

Test(users, are_kept_in_order_of_name_and_stay_where_they_are)
{
    struct user *bob = set("bob", "on");
    set("alice", "");
    set("zed", "");
    cr_expect_eq(set("bob", "~a"), bob);
    cr_expect_eq(users_find(us, BYTES_LITERAL("bob")), bob);
    cr_expect_null(users_find(us, BYTES_LITERAL("Bob")));
    expect_text("user alice off resetchannels -@all\nuser bob on ~a resetchannels -@all\n"
                "user default on nopass ~* &* +@all\nuser zed off resetchannels -@all\n");
    cr_expect_null(users_take(us, BYTES_LITERAL("nobody")));
    struct user *taken = users_take(us, BYTES_LITERAL("alice"));
    cr_expect_str_eq(taken->name, "alice");
    cr_expect_null(users_find(us, BYTES_LITERAL("alice")));
    user_destroy(taken);
}

Test(users, a_draft_changes_nobody)
{
    set("bob", "on ~a");
    struct user *draft = users_draft(us, BYTES_LITERAL("bob"));
    cr_assert_eq(apply_line(draft, "off >x (~z)"), RULE_OK);
    user_destroy(draft);
    cr_expect_not_null(users_find(us, BYTES_LITERAL("bob")));
    cr_expect(users_find(us, BYTES_LITERAL("bob"))->enabled);
}

Test(users, logging_in_needs_the_password_of_one_who_is_on)
{
    struct user *u = set("bob", "on >one >two");
    cr_expect(user_accepts(u, BYTES_LITERAL("one")));
    cr_expect(user_accepts(u, BYTES_LITERAL("two")));
    cr_expect_not(user_accepts(u, BYTES_LITERAL("three")));
    cr_expect_not(user_accepts(u, BYTES_LITERAL("")));
    cr_expect_not(user_accepts(u, BYTES_LITERAL("one\0")));
    /* Only the last byte of the hash differs. */
    struct password p;
    char hex[PASSWORD_HEX_LEN + 1], rule[PASSWORD_HEX_LEN + 2] = "#";
    password_of(BYTES_LITERAL("one"), &p);
    p.hash[PASSWORD_HASH_BYTES - 1] ^= 1;
    password_to_hex(&p, hex);
    strcat(rule, hex);
    set("eve", rule);
    set("eve", "on");
    cr_expect_not(user_accepts(users_find(us, BYTES_LITERAL("eve")), BYTES_LITERAL("one")));
    set("bob", "off");
    cr_expect_not(user_accepts(u, BYTES_LITERAL("one")));
    set("bob", "on nopass");
    cr_expect(user_accepts(u, BYTES_LITERAL("three")));
    cr_expect_not(user_accepts(NULL, BYTES_LITERAL("one")));
}

Test(users, the_default_password_closes_and_opens)
{
    users_set_default_password(us, BYTES_LITERAL("a b"));
    cr_expect_not(users_are_open(us));
    cr_expect(user_accepts(users_default(us), BYTES_LITERAL("a b")));
    users_set_default_password(us, BYTES_LITERAL("c"));
    cr_expect_not(user_accepts(users_default(us), BYTES_LITERAL("a b")));
    users_set_default_password(us, BYTES_LITERAL(""));
    cr_expect(users_are_open(us));
    cr_expect_eq(users_default(us)->password_count, 0);
}

Test(users, new_ones_begin_with_all_channels_when_that_is_the_default)
{
    users_set_all_channels(us, true);
    set("bob", "+@all ~* (+get)");
    expect_text("user bob off ~* &* +@all (&* -@all +get)\nuser default on nopass ~* &* +@all\n");
    cr_expect(users_find(us, BYTES_LITERAL("bob"))->unrestricted);
}

/* --- text ----------------------------------------------------------------------------------- */

static void expect_read(const char *text, const char *errors)
{
    struct users *fresh = users_create(&words);
    struct buf why = {0};
    enum err err = users_read(fresh, "f", bytes_of_string(text), &why);
    buf_append_char(&why, '\0');
    cr_expect_eq(err, errors[0] == '\0' ? ERR_OK : ERR_INVALID);
    cr_expect_str_eq(why.data, errors, "%s", why.data);
    buf_deinit(&why);
    users_destroy(fresh);
}

#define NO_CHANGE \
    "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"

Test(users, all_errors_of_a_file_are_told_with_their_lines)
{
    expect_read("", "");
    expect_read("\n  \nuser a on\r\n\tuser b off ", "");
    expect_read("# users\n",
                "f:1 should start with user keyword followed by the username. " NO_CHANGE);
    expect_read("user\nusr x\nuser a\n",
                "f:1 should start with user keyword followed by the username. "
                "f:2 should start with user keyword followed by the username. " NO_CHANGE);
    expect_read("user a\nuser a\n", "WARNING: Duplicate user 'a' found on line 2. " NO_CHANGE);
    expect_read("user default off\nuser default off\n",
                "WARNING: Duplicate user 'default' found on line 2. " NO_CHANGE);
    expect_read(
        "user a foo +nope bar +nope2\n",
        "f:1: Syntax error. "
        "f:1: Error in applying operation '+nope': Unknown command or category name in ACL. "
        "f:1: Error in applying operation '+nope2': Unknown command or category name in "
        "ACL. " NO_CHANGE);
    expect_read("user a (~b\n", "f:1: Unmatched parenthesis in selector definition." NO_CHANGE);
    expect_read("user a\tb on\n", "f:1: username 'a\tb' contains invalid characters. " NO_CHANGE);
}

static char removed[64];

static void note_removed(void *ctx, struct user *u)
{
    (void)ctx;
    strcat(strcat(removed, u->name), " ");
}

Test(users, a_file_takes_the_place_of_all_and_default_stays)
{
    struct user *before = users_default(us);
    set("alice", "on");
    set("bob", "on");
    struct users *fresh = users_create(&words);
    struct buf why = {0};
    cr_assert_eq(users_read(fresh, "f",
                            BYTES_LITERAL("user bob on nopass (~a +get)\nuser default on >x ~*\n"),
                            &why),
                 ERR_OK);
    users_replace(us, fresh, note_removed, NULL);
    cr_expect_str_eq(removed, "bob alice ");
    cr_expect_eq(users_default(us), before);
    expect_text(
        "user bob on nopass resetchannels -@all (~a resetchannels -@all +get)\n"
        "user default on #2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 ~* "
        "resetchannels -@all\n");
    cr_expect_not(before->unrestricted);
}

Test(users, what_is_written_is_read_again)
{
    set("alice", "on >x %R~a ~b &c +@read -fetch +select|0 (~d +set)");
    struct buf text = {0}, again = {0}, why = {0};
    users_write(us, &text);
    struct users *fresh = users_create(&words);
    cr_assert_eq(users_read(fresh, "f", buf_bytes(&text), &why), ERR_OK);
    users_write(fresh, &again);
    cr_expect(bytes_equal(buf_bytes(&text), buf_bytes(&again)));
    users_destroy(fresh);
    buf_deinit(&text);
    buf_deinit(&again);
}

Test(users, lines_of_the_configuration_name_each_user_once)
{
    static const struct {
        const char *line[4];
        size_t count;
        const char *why;
    } cases[] = {
        {{"alice", "on", "+get"}, 3, ""},
        {{"default", "on", "nopass"}, 3, ""},
        {{"alice", "on"},
         2,
         "Duplicate user 'alice' found. A user can only be defined once in config files"},
        {{"default"},
         1,
         "Duplicate user 'default' found. A user can only be defined once in config files"},
        {{"a b"}, 1, "user needs a name, without spaces and null characters"},
        {{"c", "+nope"},
         2,
         "Error in user declaration '+nope': Unknown command or category name in ACL"},
        {{"d", "(~a"}, 2, "Unmatched parenthesis in acl selector starting at '(~a'."},
        {{"e", "on", "pw"}, 3, "Error in user declaration of 'e': Syntax error"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes given[4];
        struct buf why = {0};
        for (size_t j = 0; j < cases[i].count; j++)
            given[j] = bytes_of_string(cases[i].line[j]);
        enum err err = users_configure(us, given, cases[i].count, &why);
        buf_append_char(&why, '\0');
        cr_expect_eq(err, cases[i].why[0] == '\0' ? ERR_OK : ERR_INVALID);
        cr_expect_str_eq(why.data, cases[i].why);
        buf_deinit(&why);
    }
    cr_expect_not(users_default(us)->unrestricted);
}
