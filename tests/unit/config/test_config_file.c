/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/words.h"
#include "unit/config/say.h"
#include <criterion/criterion.h>

static struct config c;
#define SOURCE ((struct config_source){.config = &c, .why = &why})

static void set_up(void)
{
    config_init(&c);
}

static void tear_down(void)
{
    config_deinit(&c);
}

TestSuite(config_file, .init = set_up, .fini = tear_down);
TestSuite(config_options, .init = set_up, .fini = tear_down);

Test(config_file, comments_and_empty_lines_are_passed_over)
{
    cr_assert_str_eq(read_text(&c, ""), "");
    cr_assert_str_eq(read_text(&c, "# port 1\n\n   \t\n  # \"\n\tport 7\r\n"), "");
    cr_assert(c.port == 7);
}

Test(config_file, the_last_line_needs_no_end)
{
    cr_assert_str_eq(read_text(&c, "port 7\nmaxclients 8"), "");
    cr_assert(c.port == 7 && c.maxclients == 8);
}

Test(config_file, case_of_names_does_not_count_and_the_last_one_wins)
{
    cr_assert_str_eq(read_text(&c, "MaxClients 8\nMAXCLIENTS 9\n"), "");
    cr_assert(c.maxclients == 9);
}

Test(config_file, values_may_be_quoted)
{
    cr_assert_str_eq(read_text(&c, "requirepass \"a \\\"b\\x43\"\ndir '/tmp/x y'\nlogfile ''\n"),
                     "");
    cr_assert_str_eq(c.requirepass, "a \"bC");
    cr_assert_str_eq(c.dir, "/tmp/x y");
    cr_assert_str_eq(c.logfile, "");
}

Test(config_file, directives_of_several_words_take_them_quoted_or_not)
{
    cr_assert_str_eq(read_text(&c, "bind 10.0.0.1   -::1\n"), "");
    cr_assert_str_eq(c.bind, "10.0.0.1 -::1");
    cr_assert_str_eq(read_text(&c, "bind \"10.0.0.2 ::1\"\n"), "");
    cr_assert_str_eq(c.bind, "10.0.0.2 ::1");
}

Test(config_file, output_limits_gather_over_lines)
{
    cr_assert_str_eq(read_text(&c, "client-output-buffer-limit normal 1 2 3\n"
                                   "client-output-buffer-limit replica 256mb 64mb 60\n"
                                   "client-output-buffer-limit pubsub 1kb 2kb 4\n"),
                     "");
    cr_assert_str_eq(get_named(&c, "client-output-buffer-limit"),
                     "normal 1 2 3 pubsub 1024 2048 4");
}

Test(config_file, what_only_a_start_can_set_can_be_set)
{
    cr_assert_str_eq(read_text(&c, "tcp-backlog 3\ndir /tmp\nopen-files-max 99\n"), "");
    cr_assert(c.tcp_backlog == 3 && c.open_files_max == 99);
}

Test(config_file, an_unknown_name_is_an_error_with_its_line_and_the_nearest_name)
{
    cr_assert_str_eq(read_text(&c, "\n# x\nprot 7\n"),
                     "x.conf:3: unknown directive 'prot'; did you mean 'port'?");
    cr_assert_str_eq(read_text(&c, "maxmemory-samples 5"),
                     "x.conf:1: unknown directive 'maxmemory-samples'");
}

Test(config_file, a_bad_value_is_named_with_its_limit)
{
    cr_assert_str_eq(read_text(&c, "port 70000"),
                     "x.conf:1: port '70000': argument must be between 0 and 65535 inclusive");
    cr_assert_str_eq(read_text(&c, "client-output-buffer-limit normal 0 0"),
                     "x.conf:1: client-output-buffer-limit 'normal 0 0': Wrong number of arguments "
                     "in buffer limit configuration.");
    cr_assert(c.port == CONFIG_PORT_DEFAULT);
}

Test(config_file, a_sentence_stays_on_one_line_and_short)
{
    char text[1000] = "";

    cr_assert_str_eq(read_text(&c, "loglevel \"a\\nb\\x1b\""),
                     "x.conf:1: loglevel 'a\\x0ab\\x1b': argument(s) must be one of the following: "
                     "debug, verbose, notice, warning");
    memset(text, 'y', sizeof(text) - 1);
    cr_assert(strlen(read_text(&c, text)) < 200);
}

Test(config_file, a_secret_is_not_repeated)
{
    char text[1000] = "requirepass ";

    memset(text + strlen(text), 'y', 600);
    cr_assert_str_eq(read_text(&c, text),
                     "x.conf:1: requirepass: argument must be at most 512 bytes long");
}

Test(config_file, the_number_of_values_is_checked)
{
    cr_assert_str_eq(read_text(&c, "port"), "x.conf:1: port needs a value");
    cr_assert_str_eq(read_text(&c, "bind\n"), "x.conf:1: bind needs a value");
    cr_assert_str_eq(read_text(&c, "port 1 2 3"),
                     "x.conf:1: port needs a value, a single one, and here are 3");
    cr_assert_str_eq(read_text(&c, "port 1 # the first"),
                     "x.conf:1: port needs a value, a single one, and here are 4; a comment needs "
                     "a line of its own");
}

Test(config_file, users_are_lines_of_words_and_come_one_after_the_other)
{
    struct config copy;

    cr_assert_str_eq(read_text(&c, "user a on \">x y\" (~a +get)\nport 7\nuser b\nuser 'c off'\n"),
                     "");
    cr_assert_str_eq(c.users, "a on \">x y\" (~a +get)\nb\nc off");
    directives_copy(&config_table, &copy, &c);
    cr_expect_str_eq(copy.users, c.users);
    config_deinit(&copy);
    cr_assert_str_eq(read_text(&c, "user\n"), "x.conf:1: user needs a value");
    cr_assert_str_eq(
        set_pairs(&c, "user", "d", NULL),
        "CONFIG SET failed (possibly related to argument 'user') - can't set immutable config");
}

Test(config_file, unbalanced_quotes_and_endless_lines_are_errors)
{
    char text[2000] = "";

    cr_assert_str_eq(read_text(&c, "port 7\ndir \"x\n"), "x.conf:2: unbalanced quotes");
    for (int i = 0; i < 300; i++)
        strcat(text, "bind ");
    cr_assert_str_eq(read_text(&c, text), "x.conf:1: more than 256 words in a line");
}

Test(config_file, a_zero_byte_in_a_value_is_refused)
{
    struct buf why = {0};

    cr_assert(config_read_text(&SOURCE, "x.conf", BYTES_LITERAL("dir a\0b\n")) == ERR_INVALID);
    cr_assert(bytes_equal(buf_bytes(&why), BYTES_LITERAL("x.conf:1: dir 'a\\x00b': argument must "
                                                         "not contain a zero byte")));
    buf_deinit(&why);
    cr_assert(config_read_text(&SOURCE, "x.conf", BYTES_LITERAL("bind a\0b\n")) == ERR_INVALID);
    buf_deinit(&why);
    cr_assert_str_eq(c.bind, "127.0.0.1 -::1");
}

Test(config_options, everything_up_to_the_next_option_is_value)
{
    cr_assert_str_eq(read_options(&c, "--port", "7", "--client-output-buffer-limit", "normal", "1",
                                  "2", "3", "--bind", "127.0.0.1", "-::1", "--log-retention-ms",
                                  "-1", "--requirepass", "", NULL),
                     "");
    cr_assert(c.port == 7);
    cr_assert_str_eq(c.bind, "127.0.0.1 -::1");
    cr_assert(c.output_limits[CONFIG_CLASS_NORMAL].soft_seconds == 3);
    cr_assert(c.log_retention_ms == -1);
}

Test(config_options, none_is_fine)
{
    cr_assert_str_eq(read_options(&c, NULL), "");
}

Test(config_options, a_value_may_have_blanks)
{
    cr_assert_str_eq(read_options(&c, "--dir", "/tmp/a b", NULL), "");
    cr_assert_str_eq(c.dir, "/tmp/a b");
}

Test(config_options, errors_name_the_option)
{
    cr_assert_str_eq(read_options(&c, "--PORTS", "7", NULL),
                     "unknown option '--PORTS'; did you mean '--port'?");
    cr_assert_str_eq(read_options(&c, "--port", "x", NULL),
                     "--port 'x': argument couldn't be parsed into an integer");
    cr_assert_str_eq(read_options(&c, "--port", NULL), "--port needs a value");
    cr_assert_str_eq(read_options(&c, "--port", "--maxclients", "1", NULL), "--port needs a value");
    cr_assert_str_eq(read_options(&c, "--port", "7", "8", NULL),
                     "--port needs a value, a single one, and here are 2");
    cr_assert_str_eq(read_options(&c, "port", "7", NULL),
                     "'port' is not an option: they begin with --");
    cr_assert_str_eq(read_options(&c, "--", "7", NULL), "unknown option '--'");
}

Test(config_options, too_many_words_are_an_error)
{
    char *words[WORDS_MAX + 2];
    struct buf why = {0};

    words[0] = strdup("--bind");
    for (size_t i = 1; i < COUNT_OF(words); i++)
        words[i] = strdup("*");
    cr_assert(config_read_options(&SOURCE, (int)COUNT_OF(words), words) == ERR_INVALID);
    cr_assert(bytes_equal(buf_bytes(&why), BYTES_LITERAL("--bind: more than 256 words")));
    for (size_t i = 0; i < COUNT_OF(words); i++)
        free(words[i]);
    buf_deinit(&why);
}
