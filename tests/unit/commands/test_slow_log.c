/* SPDX-License-Identifier: BSD-3-Clause */
/* The slow log by itself, and what commands put into it and what not. */
#include "connection_fixture.h"

#include "commands/slow_log.h"
#include <criterion/criterion.h>
#include <stdio.h>

static bool nothing_is_secret(const void *ctx, int i)
{
    (void)ctx;
    (void)i;
    return false;
}

static void expect_argument(const struct slow_args *args, int i, const char *text)
{
    cr_assert_lt(i, args->argc);
    cr_expect(bytes_equal(args->argv[i], bytes_of_string(text)), "argument %d is '%.*s'", i,
              (int)args->argv[i].len, args->argv[i].data);
}

Test(slow_log, arguments_are_cut_to_a_size)
{
    char longest[SLOW_LOG_ARGUMENT_BYTES_MAX + 1], wanted[200];
    memset(longest, 'x', sizeof(longest));
    struct bytes argv[] = {BYTES_LITERAL("a"), bytes_of(longest, sizeof(longest) - 1),
                           bytes_of(longest, sizeof(longest)), BYTES_LITERAL("")};
    struct slow_args *args = slow_args_create(4, argv, nothing_is_secret, NULL);
    cr_expect_eq(args->argc, 4);
    expect_argument(args, 0, "a");
    snprintf(wanted, sizeof(wanted), "%.*s", SLOW_LOG_ARGUMENT_BYTES_MAX, longest);
    expect_argument(args, 1, wanted);
    snprintf(wanted, sizeof(wanted), "%.*s... (1 more bytes)", SLOW_LOG_ARGUMENT_BYTES_MAX,
             longest);
    expect_argument(args, 2, wanted);
    expect_argument(args, 3, "");
    slow_args_destroy(args);
}

Test(slow_log, many_arguments_are_counted)
{
    struct bytes argv[40];
    for (int i = 0; i < 40; i++)
        argv[i] = BYTES_LITERAL("a");
    struct slow_args *args = slow_args_create(32, argv, nothing_is_secret, NULL);
    cr_expect_eq(args->argc, 32);
    expect_argument(args, 31, "a");
    slow_args_destroy(args);
    args = slow_args_create(40, argv, nothing_is_secret, NULL);
    cr_expect_eq(args->argc, 32);
    expect_argument(args, 30, "a");
    expect_argument(args, 31, "... (9 more arguments)");
    slow_args_destroy(args);
}

Test(slow_log, keeps_the_newest_and_never_gives_an_id_twice)
{
    struct bytes argv[] = {BYTES_LITERAL("a")};
    struct slow_log log;
    slow_log_init(&log);
    for (int i = 0; i < 5; i++)
        slow_log_add(&log, slow_args_create(1, argv, nothing_is_secret, NULL), 100 + i, i, "me", "",
                     3);
    cr_expect_eq(log.count, 3);
    cr_expect_eq(CONTAINER_OF(log.entries.next, struct slow_entry, link)->id, 4);
    cr_expect_eq(CONTAINER_OF(log.entries.prev, struct slow_entry, link)->id, 2);
    slow_log_clear(&log);
    slow_log_add(&log, slow_args_create(1, argv, nothing_is_secret, NULL), 1, 1, "me", "", 3);
    cr_expect_eq(CONTAINER_OF(log.entries.next, struct slow_entry, link)->id, 5);
    slow_log_add(&log, slow_args_create(1, argv, nothing_is_secret, NULL), 1, 1, "me", "", 0);
    cr_expect_eq(log.count, 0, "none are wanted");
    slow_log_deinit(&log);
}

/* --- what commands do ------------------------------------------------------------------------ */

static struct fixture f;
static int64_t now_ns;

/* Every command takes 2 ms. */
static int64_t read_clock(const struct clock *clock)
{
    (void)clock;
    return now_ns += 2000000;
}

static void setup(void)
{
    fixture_init(&f);
    f.clock.now_ns = read_clock;
}

static void teardown(void)
{
    fixture_deinit(&f);
}

TestSuite(slow_commands, .init = setup, .fini = teardown);

/* The newest entry as "arg arg arg". */
static const char *newest(void)
{
    static char text[1024];
    const struct slow_log *log = &f.insight.slow_log;
    cr_assert_gt(log->count, 0);
    const struct slow_entry *e = CONTAINER_OF(log->entries.next, struct slow_entry, link);
    size_t len = 0;
    for (int i = 0; i < e->args->argc; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", i > 0 ? " " : "",
                                (int)e->args->argv[i].len, e->args->argv[i].data);
    return text;
}

Test(slow_commands, the_threshold_decides)
{
    fixture_say(&f, 0, "PING");
    cr_expect_eq(f.insight.slow_log.count, 0, "10 ms are");
    fixture_say(&f, 0, "CONFIG SET slowlog-log-slower-than 2001");
    fixture_say(&f, 0, "PING");
    cr_expect_eq(f.insight.slow_log.count, 0);
    fixture_say(&f, 0, "CONFIG SET slowlog-log-slower-than 2000\nPING");
    cr_expect_eq(f.insight.slow_log.count, 2);
    fixture_say(&f, 0, "CONFIG SET slowlog-log-slower-than -1\nPING");
    cr_expect_eq(f.insight.slow_log.count, 2);
}

Test(slow_commands, an_entry_says_who_when_and_what)
{
    fixture_say(&f, 0, "CLIENT SETNAME me\nCONFIG SET slowlog-log-slower-than 0\nPING hello");
    cr_expect_str_eq(fixture_say(&f, 0, "SLOWLOG GET 1"),
                     "*1\r\n*6\r\n:1\r\n:1700000000\r\n:2000\r\n*2\r\n$4\r\nPING\r\n$5\r\nhello\r\n"
                     "$14\r\n127.0.0.1:1001\r\n$2\r\nme\r\n");
}

Test(slow_commands, what_exec_runs_is_there_and_exec_is_not)
{
    fixture_say(&f, 0, "CONFIG SET slowlog-log-slower-than 0\nSLOWLOG RESET\nMULTI\nPING\nEXEC");
    cr_expect_str_eq(newest(), "PING");
    cr_expect_eq(f.insight.slow_log.count, 3, "RESET, MULTI, PING");
}

Test(slow_commands, secrets_are_redacted)
{
    static const char *const said[][2] = {
        {"AUTH secret", "AUTH (redacted)"},
        {"AUTH default secret", "AUTH (redacted) (redacted)"},
        {"HELLO 2 AUTH default secret SETNAME auth",
         "HELLO 2 AUTH (redacted) (redacted) SETNAME auth"},
        {"HELLO 2 SETNAME auth AUTH default pw", "HELLO 2 SETNAME auth AUTH (redacted) (redacted)"},
        {"CONFIG SET requirepass '' timeout 5", "CONFIG SET requirepass (redacted) timeout 5"},
        {"CONFIG SET timeout 5 MASTERAUTH x", "CONFIG SET timeout 5 MASTERAUTH (redacted)"},
        {"ACL SETUSER bob on >pw", "ACL SETUSER (redacted) (redacted) (redacted)"},
        {"ACL GETUSER bob", "ACL GETUSER bob"},
        {"ECHO requirepass", "ECHO requirepass"},
    };
    fixture_say(&f, 0, "CONFIG SET slowlog-log-slower-than 0");
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        fixture_say(&f, 0, said[i][0]);
        cr_expect_str_eq(newest(), said[i][1]);
    }
}

Test(slow_commands, get_counts_as_redis_does)
{
    cr_expect_str_eq(fixture_say(&f, 0, "SLOWLOG GET -2"),
                     "-ERR count should be greater than or equal to -1\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "SLOWLOG GET x"),
                     "-ERR count should be greater than or equal to -1\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "SLOWLOG GET 1 2"),
                     "-ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG "
                     "HELP.\r\n");
    fixture_say(&f, 0, "CONFIG SET slowlog-log-slower-than 0");
    for (int i = 0; i < 20; i++)
        fixture_say(&f, 0, "PING");
    cr_expect_eq(strncmp(fixture_say(&f, 0, "SLOWLOG GET"), "*10\r\n", 5), 0);
    cr_expect_eq(strncmp(fixture_say(&f, 0, "SLOWLOG GET -1"), "*22\r\n", 5), 0);
    cr_expect_eq(strncmp(fixture_say(&f, 0, "SLOWLOG GET 0"), "*0\r\n", 4), 0);
    cr_expect_str_eq(fixture_say(&f, 0, "SLOWLOG LEN"), ":24\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "SLOWLOG RESET"), "+OK\r\n");
    cr_expect_str_eq(fixture_say(&f, 0, "SLOWLOG LEN"), ":1\r\n");
}
