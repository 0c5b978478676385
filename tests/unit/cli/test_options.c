/* SPDX-License-Identifier: BSD-3-Clause */
/* The global options, and what counts as a tool. */
#include "cli/options.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char why[FLAGS_WHY_BYTES];

/* The options point into their arguments, so those outlive the call. */
static char *arguments[32];

static bool parse(struct options *o, int argc, char *const *argv)
{
    cr_assert_leq((size_t)argc, COUNT_OF(arguments));
    memcpy(arguments, argv, (size_t)argc * sizeof(*argv));
    return options_parse(o, argc, arguments, why);
}

#define PARSE(o, ...) \
    parse(o, (int)COUNT_OF(((char *[]){__VA_ARGS__})), (char *const[]){__VA_ARGS__})

Test(options, defaults_are_the_local_server)
{
    struct options o;

    unsetenv(OPTIONS_PASSWORD_VARIABLE);
    cr_assert(options_parse(&o, 0, NULL, why));
    cr_expect_str_eq(o.target.host, "127.0.0.1");
    cr_expect_eq(o.target.port, 3246);
    cr_expect_null(o.target.password);
    cr_expect_eq(o.target.proto, 0);
    cr_expect_eq(o.rest_count, 0);
}

Test(options, the_command_begins_behind_them)
{
    struct options o;

    cr_assert(PARSE(&o, "-h", "example", "-p", "7000", "-a", "secret", "--user", "ann", "-3",
                    "--raw", "PRODUCE", "t", "--raw"));
    cr_expect_str_eq(o.target.host, "example");
    cr_expect_eq(o.target.port, 7000);
    cr_expect_str_eq(o.target.password, "secret");
    cr_expect_str_eq(o.target.user, "ann");
    cr_expect_eq(o.target.proto, 3);
    cr_expect(o.raw);
    cr_assert_eq(o.rest_count, 3);
    cr_expect_str_eq(o.rest[0], "PRODUCE");
}

Test(options, the_password_may_come_from_the_environment)
{
    struct options o;

    setenv(OPTIONS_PASSWORD_VARIABLE, "hidden", 1);
    cr_assert(PARSE(&o, "PING"));
    cr_expect_str_eq(o.target.password, "hidden");
    cr_assert(PARSE(&o, "-a", "shown", "PING"));
    cr_expect_str_eq(o.target.password, "shown");
}

Test(options, contradictions_are_refused)
{
    struct options o;

    unsetenv(OPTIONS_PASSWORD_VARIABLE);
    cr_expect(!PARSE(&o, "-2", "-3"));
    cr_expect(!PARSE(&o, "--raw", "--no-raw"));
    cr_expect(!PARSE(&o, "--json", "--csv"));
    cr_expect(!PARSE(&o, "--user", "ann"));
    cr_expect(!PARSE(&o, "-p", "65536"));
}

Test(options, a_lone_h_asks_for_help)
{
    struct options o;

    cr_assert(PARSE(&o, "-h"));
    cr_expect(o.help);
}

Test(options, a_tool_is_lower_case_with_nothing_or_an_option_behind_it)
{
    struct options o;

    cr_assert(PARSE(&o, "produce"));
    cr_expect(options_is_tool(&o, "produce"));
    cr_expect(!options_is_tool(&o, "consume"));
    cr_assert(PARSE(&o, "-p", "7", "produce", "--topic", "t"));
    cr_expect(options_is_tool(&o, "produce"));
    cr_assert(PARSE(&o, "produce", "t", "value"));
    cr_expect(!options_is_tool(&o, "produce"));
    cr_assert(PARSE(&o, "PRODUCE", "--topic", "t"));
    cr_expect(!options_is_tool(&o, "produce"));
}

Test(options, json_speaks_resp3_unless_told_otherwise)
{
    struct options o;

    cr_expect(PARSE(&o, "--json", "PING"));
    cr_expect(o.json);
    cr_expect_eq(o.target.proto, 3);
    cr_expect(PARSE(&o, "--json", "-2"));
    cr_expect_eq(o.target.proto, 2);
    cr_expect(PARSE(&o, "--csv"));
    cr_expect_eq(o.target.proto, 0);
}

Test(options, tls_and_its_files_are_taken)
{
    struct options o;

    cr_assert(PARSE(&o, "--tls", "--cacert", "ca", "--cacertdir", "dir", "--cert", "crt", "--key",
                    "key", "--sni", "name", "--tls-ciphers", "a", "--tls-ciphersuites", "b",
                    "--insecure", "PING"));
    cr_expect(o.target.secure.on);
    cr_expect(o.target.secure.insecure);
    cr_expect_str_eq(o.target.secure.ca_file, "ca");
    cr_expect_str_eq(o.target.secure.ca_dir, "dir");
    cr_expect_str_eq(o.target.secure.cert, "crt");
    cr_expect_str_eq(o.target.secure.key, "key");
    cr_expect_str_eq(o.target.secure.sni, "name");
    cr_expect_str_eq(o.target.secure.ciphers, "a");
    cr_expect_str_eq(o.target.secure.ciphersuites, "b");
    cr_expect(!PARSE(&o, "--tls", "--cert", "crt"));
    cr_expect(!PARSE(&o, "--tls", "-s", "path"));
}

Test(options, a_uri_says_all_at_once)
{
    struct options o;

    unsetenv(OPTIONS_PASSWORD_VARIABLE);
    cr_assert(PARSE(&o, "-u", "rediss://ann:secret@example:7000", "PING"));
    cr_expect_str_eq(o.target.host, "example");
    cr_expect_eq(o.target.port, 7000);
    cr_expect_str_eq(o.target.user, "ann");
    cr_expect_str_eq(o.target.password, "secret");
    cr_expect(o.target.secure.on);
    options_deinit(&o);
    cr_assert(PARSE(&o, "-u", "redis://", "PING"));
    cr_expect_str_eq(o.target.host, "127.0.0.1");
    cr_expect_eq(o.target.port, 3246);
    cr_expect(!o.target.secure.on);
    options_deinit(&o);
    cr_expect(!PARSE(&o, "-u", "redis://:secret@h", "-2", "-3"), "and nothing is left");
}

Test(options, redis_clis_variable_counts_where_ours_is_not_set)
{
    struct options o;

    unsetenv(OPTIONS_PASSWORD_VARIABLE);
    setenv(OPTIONS_REDIS_PASSWORD_VARIABLE, "theirs", 1);
    cr_assert(PARSE(&o, "PING"));
    cr_expect_str_eq(o.target.password, "theirs");
    setenv(OPTIONS_PASSWORD_VARIABLE, "ours", 1);
    cr_assert(PARSE(&o, "PING"));
    cr_expect_str_eq(o.target.password, "ours");
    unsetenv(OPTIONS_REDIS_PASSWORD_VARIABLE);
    unsetenv(OPTIONS_PASSWORD_VARIABLE);
}

Test(options, a_password_that_is_asked_for_will_do_for_a_user)
{
    struct options o;

    unsetenv(OPTIONS_PASSWORD_VARIABLE);
    cr_assert(PARSE(&o, "--user", "ann", "--askpass"));
    cr_expect(o.askpass);
    cr_assert(PARSE(&o, "-s", "/run/x"));
    cr_expect_str_eq(o.target.socket, "/run/x");
}

Test(options, repetition_and_input_are_read)
{
    struct options o;

    cr_assert(PARSE(&o, "-r", "-1", "-i", "0.5", "-x", "PING"));
    cr_expect_eq(o.repeat, -1);
    cr_expect_eq(o.interval_us, 500000);
    cr_expect(o.last_from_input);
    cr_assert(PARSE(&o, "PING"));
    cr_expect_eq(o.repeat, 1);
    cr_assert(PARSE(&o, "--pipe", "--pipe-timeout", "0"));
    cr_expect(o.mass);
    cr_expect_eq(o.mass_timeout_s, 0);
}

Test(options, repetition_and_input_need_what_they_are_for)
{
    struct options o;

    cr_expect(!PARSE(&o, "-x"));
    cr_expect_str_eq(why, "-x and -r need a command");
    cr_expect(!PARSE(&o, "-r", "2"));
    cr_expect(!PARSE(&o, "-r", "0", "PING"));
    cr_expect(!PARSE(&o, "-i", "1", "PING"));
    cr_expect_str_eq(why, "-i needs -r");
    cr_expect(!PARSE(&o, "--pipe", "PING"));
}

static void expect_server(char *word, const char *host, int port)
{
    struct options o;

    cr_assert(PARSE(&o, "--bootstrap-server", word, "PING"), "%s: %s", word, why);
    cr_expect_str_eq(o.target.host, host);
    cr_expect_eq(o.target.port, port);
    options_deinit(&o);
}

Test(options, a_server_may_be_named_as_kafkas_users_do)
{
    struct options o;
    static char *const wrong[] = {"", ":3246", "a:b", "a:0", "a:65536", "a:1,b:1", "[]:1"};

    expect_server("example:7000", "example", 7000);
    expect_server("example", "example", 3246);
    expect_server("[::1]:7000", "::1", 7000);
    expect_server("[::1]", "::1", 3246);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        cr_expect(!PARSE(&o, "--bootstrap-server", wrong[i], "PING"), "%s", wrong[i]);
}

Test(options, a_server_may_stand_among_the_options_of_a_tool)
{
    struct options o;

    cr_assert(PARSE(&o, "topics", "--bootstrap-server", "example:7000", "--list"));
    cr_assert(options_take_server(&o, why));
    cr_expect_str_eq(o.target.host, "example");
    cr_expect_eq(o.target.port, 7000);
    cr_assert_eq(o.rest_count, 2);
    cr_expect_str_eq(o.rest[0], "topics");
    cr_expect_str_eq(o.rest[1], "--list");
    options_deinit(&o);
    cr_assert(PARSE(&o, "-p", "7000", "produce", "--topic", "t", "--broker-list=example"));
    cr_assert(options_take_server(&o, why));
    cr_expect_str_eq(o.target.host, "example");
    cr_expect_eq(o.target.port, 7000);
    cr_expect_eq(o.rest_count, 3);
    options_deinit(&o);
    cr_assert(PARSE(&o, "topics", "--list", "--bootstrap-server"));
    cr_expect(!options_take_server(&o, why));
    options_deinit(&o);
}

Test(options, a_server_is_named_also_where_it_is_the_default_one)
{
    struct options o;

    cr_assert(PARSE(&o, "lab", "3", "members=4"));
    cr_expect(options_is_lab(&o));
    cr_expect_not(o.server_named);
    cr_assert(PARSE(&o, "-p", "3246", "lab"));
    cr_expect(o.server_named);
    cr_expect_str_eq(o.target.host, "127.0.0.1");
    cr_assert(PARSE(&o, "-h", "127.0.0.1", "lab"));
    cr_expect(o.server_named);
    cr_assert(PARSE(&o, "-s", "/run/echolog.sock", "lab"));
    cr_expect(o.server_named);
    cr_assert(PARSE(&o, "-u", "redis://127.0.0.1", "lab"));
    cr_expect(o.server_named);
    options_deinit(&o);
    cr_assert(PARSE(&o, "PUBLISH", "lab", "x"));
    cr_expect_not(options_is_lab(&o));
}
