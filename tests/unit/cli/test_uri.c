/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/uri.h"
#include <criterion/criterion.h>
#include <string.h>

static char why[URI_WHY_BYTES];

static void expect(const char *text, const char *user, const char *password, const char *host,
                   int port, bool tls)
{
    struct uri u;
    cr_assert(uri_parse(&u, text, why), "%s: %s", text, why);
    cr_expect_str_eq(u.user == NULL ? "-" : u.user, user, "%s", text);
    cr_expect_str_eq(u.password == NULL ? "-" : u.password, password, "%s", text);
    cr_expect_str_eq(u.host == NULL ? "-" : u.host, host, "%s", text);
    cr_expect_eq(u.port, port, "%s", text);
    cr_expect_eq(u.tls, tls, "%s", text);
    uri_deinit(&u);
}

Test(uri, every_part_may_be_left_out)
{
    expect("redis://", "-", "-", "-", 0, false);
    expect("rediss://h", "-", "-", "h", 0, true);
    expect("redis://h:7000", "-", "-", "h", 7000, false);
    expect("redis://:7000/", "-", "-", "-", 7000, false);
    expect("redis://pw@h", "-", "pw", "h", 0, false);
    expect("redis://:pw@h/0", "-", "pw", "h", 0, false);
    expect("redis://ann:pw@h:1", "ann", "pw", "h", 1, false);
    expect("rediss://ann:@", "ann", "", "-", 0, true);
    expect("redis://[::1]:7000", "-", "-", "::1", 7000, false);
    expect("redis://u:p@[fe80::1]", "u", "p", "fe80::1", 0, false);
}

Test(uri, users_and_passwords_are_decoded)
{
    expect("redis://a%40b:p%2Fq%3a@h", "a@b", "p/q:", "h", 0, false);
    expect("redis://ann:a@b@h", "ann", "a@b", "h", 0, false);
}

static void expect_refused(const char *text, const char *words)
{
    struct uri u;
    cr_assert(!uri_parse(&u, text, why), "%s", text);
    cr_expect(strstr(why, words) != NULL, "%s: %s", text, why);
    cr_expect(strstr(why, "secret") == NULL, "%s: %s", text, why);
}

Test(uri, what_is_none_is_refused)
{
    expect_refused("", "begins with redis://");
    expect_refused("http://h", "begins with redis://");
    expect_refused("redis:h", "begins with redis://");
    expect_refused("redis://h:0", "a port is");
    expect_refused("redis://u:secret@h:70000", "a port is");
    expect_refused("redis://h:x", "a port is");
    expect_refused("redis://::1", "a port is");
    expect_refused("redis://[::1", "in brackets");
    expect_refused("redis://[::1]7", "in brackets");
    expect_refused("redis://h/1", "one database");
    expect_refused("redis://u:secret%4@h", "the password");
    expect_refused("redis://u:secret%00@h", "the password");
    expect_refused("redis://u%zz:secret@h", "the user");
}
