/* SPDX-License-Identifier: BSD-3-Clause */
/* What CONFIG REWRITE makes of a file. */
#include "base/mem.h"
#include "config/config_rewrite.h"
#include "config/words.h"
#include "unit/config/fake_files.h"
#include "unit/config/say.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define MARK "\n" CONFIG_REWRITE_MARK "\n"

static struct config c; /* what is running */
static struct fake_files files;

static void set_up(void)
{
    config_init(&c);
    fake_files_init(&files);
}

static void tear_down(void)
{
    config_deinit(&c);
    fake_files_deinit(&files);
}

TestSuite(config_rewrite, .init = set_up, .fini = tear_down);

#define PUT(path, text) fake_files_put_string(&files, path, text)

/* What the file "m" becomes, or "!" and what is wrong with it; good until the next call. */
static const char *rewritten(void)
{
    static char shown[4096];
    struct buf text = {0}, why = {0};
    enum err err = config_rewrite(&c, "m", &files.files, &text, &why);
    struct buf *said = err == ERR_OK ? &text : &why;

    cr_assert(err == ERR_OK || err == ERR_INVALID);
    cr_assert((err == ERR_OK) == (why.len == 0));
    cr_assert(said->len + 2 < sizeof(shown));
    (void)snprintf(shown, sizeof(shown), "%s%.*s", err == ERR_OK ? "" : "!", (int)said->len,
                   buf_bytes(said).data);
    buf_deinit(&text);
    buf_deinit(&why);
    return shown;
}

/* Starts from the file, as a server would; then some values are changed. */
#define START(...)                                                                         \
    do {                                                                                   \
        struct buf why_ = {0};                                                             \
        struct config_source s_ = {.config = &c, .files = &files.files, .why = &why_};     \
        cr_assert(config_read_file(&s_, "m") == ERR_OK, "%.*s", (int)why_.len, why_.data); \
        cr_assert_str_eq(set_pairs(&c, __VA_ARGS__, NULL), "");                            \
    } while (0)

Test(config_rewrite, a_file_that_says_what_is_running_stays_as_it_is)
{
    static const char text[] = "# a comment\r\n\n  Port   3246\n\tmaxclients \"7\"\n"
                               "proto-max-bulk-len 2048kb\n# the end";
    PUT("m", text);
    START("timeout", "0");
    cr_assert_str_eq(rewritten(), text);
}

Test(config_rewrite, a_changed_value_is_replaced_in_its_place)
{
    PUT("m", "# about time\n  TIMEOUT 5\n\n# about clients\nmaxclients 7\n");
    START("timeout", "9");
    cr_assert_str_eq(rewritten(), "# about time\ntimeout 9\n\n# about clients\nmaxclients 7\n");
}

Test(config_rewrite, a_value_that_is_the_default_again_is_said_where_it_was_said)
{
    PUT("m", "timeout 5\n");
    START("timeout", "0");
    cr_assert_str_eq(rewritten(), "timeout 0\n");
}

Test(config_rewrite, what_had_no_line_comes_behind_a_mark_and_defaults_do_not)
{
    PUT("m", "# x\nport 1");
    START("maxclients", "7", "timeout", "0", "requirepass", "a \"b");
    cr_assert_str_eq(rewritten(), "# x\nport 1\n" MARK "maxclients 7\nrequirepass \"a \\\"b\"\n");
}

Test(config_rewrite, the_mark_is_there_once)
{
    PUT("m", "port 1\n" MARK "maxclients 7\n");
    START("maxclients", "8", "timeout", "5");
    cr_assert_str_eq(rewritten(), "port 1\n" MARK "maxclients 8\ntimeout 5\n");
}

Test(config_rewrite, of_several_lines_the_last_gets_the_value_and_the_others_go)
{
    PUT("m", "timeout 1\n# one\nport 1\nport 2\n# two\ntimeout 2\n");
    START("timeout", "3");
    cr_assert_str_eq(rewritten(), "# one\nport 1\nport 2\n# two\ntimeout 3\n");
}

Test(config_rewrite, each_class_of_clients_has_a_line)
{
    PUT("m", "client-output-buffer-limit normal 1 2 3\n# x\n"
             "client-output-buffer-limit pubsub 1 2 3\n");
    START("client-output-buffer-limit", "pubsub 64mb 1500 9");
    cr_assert_str_eq(rewritten(), "# x\nclient-output-buffer-limit normal 1 2 3\n"
                                  "client-output-buffer-limit pubsub 64mb 1500 9\n");
}

Test(config_rewrite, sizes_are_written_in_their_largest_unit)
{
    PUT("m", "");
    START("tail-cache-bytes", "3221225472", "pending-bytes-max", "1049600", "proto-max-bulk-len",
          "2097152", "client-query-buffer-limit", "1048577", "log-retention-bytes", "0");
    cr_assert_str_eq(rewritten(), MARK "proto-max-bulk-len 2mb\n"
                                       "client-query-buffer-limit 1048577\n"
                                       "pending-bytes-max 1025kb\nlog-retention-bytes 0\n"
                                       "tail-cache-bytes 3gb\n");
}

Test(config_rewrite, ends_of_lines_stay_as_they_are)
{
    PUT("m", "timeout 1\r\nmaxclients 2\r\n");
    START("timeout", "3");
    cr_assert_str_eq(rewritten(), "timeout 3\r\nmaxclients 2\r\n");
}

Test(config_rewrite, included_files_are_not_touched_and_not_repeated)
{
    PUT("m", "include i\ntimeout 5\n");
    PUT("i", "maxclients 7\nloglevel debug\n");
    START("timeout", "6");
    cr_assert_str_eq(rewritten(), "include i\ntimeout 6\n");
}

Test(config_rewrite, what_an_included_file_says_otherwise_is_said_behind_it)
{
    PUT("m", "timeout 1\ninclude i\n");
    PUT("i", "maxclients 7\ntimeout 2\n");
    START("maxclients", "10000", "timeout", "3");
    cr_assert_str_eq(rewritten(), "timeout 3\ninclude i\n" MARK "timeout 3\nmaxclients 10000\n");
}

static void run_with_users(const char *users)
{
    const struct directive *d = directive_find(&config_table, BYTES_LITERAL("user"));

    mem_free(c.users);
    c.users = mem_strdup("");
    cr_assert_str_eq(set_one(&c, d, users), "");
}

Test(config_rewrite, users_have_a_line_each_where_the_last_one_stood)
{
    PUT("m", "user ann on nopass\n# x\nuser bob off\nport 7\n");
    START("timeout", "0");
    cr_assert_str_eq(rewritten(), "user ann on nopass\n# x\nuser bob off\nport 7\n");
    run_with_users("ann off\ncid on \">a b\"");
    cr_assert_str_eq(rewritten(), "# x\nuser ann off\nuser cid on \">a b\"\nport 7\n");
    run_with_users("");
    cr_assert_str_eq(rewritten(), "# x\nport 7\n");
}

Test(config_rewrite, users_in_an_included_file_are_fine_while_they_are_so)
{
    PUT("m", "include i\nuser bob off\n");
    PUT("i", "user ann on nopass\n");
    START("timeout", "5");
    cr_assert_str_eq(rewritten(), "include i\nuser bob off\n" MARK "timeout 5\n");
    run_with_users("ann off\nbob off");
    cr_assert_str_eq(rewritten(),
                     "!a file it includes has lines of 'user', and would have to change");
}

Test(config_rewrite, a_file_that_was_removed_is_made_anew)
{
    cr_assert_str_eq(set_pairs(&c, "timeout", "5", NULL), "");
    cr_assert_str_eq(rewritten(), MARK "timeout 5\n");
}

Test(config_rewrite, a_file_that_cannot_be_read_any_more_is_not_overwritten)
{
    PUT("m", "timeout 5\nprot 1\n");
    cr_assert_str_eq(rewritten(), "!m:2: unknown directive 'prot'; did you mean 'port'?");
    PUT("m", "timeout 5\ninclude i\n");
    cr_assert_str_eq(rewritten(), "!m:2: include 'i': No such file or directory");
    PUT("i", "include m\n");
    cr_assert_str_eq(rewritten(), "!i:1: include 'm': the file is being read already: it includes "
                                  "itself by way of this one");
}

Test(config_rewrite, more_words_than_a_line_may_have_are_one_word)
{
    struct buf numbers = {0};

    for (int i = 0; i < WORDS_MAX; i++)
        buf_printf(&numbers, "%s%g", i == 0 ? "" : " ", i / 10.0);
    buf_append_char(&numbers, '\0');
    PUT("m", "");
    START("latency-tracking-info-percentiles", numbers.data);
    cr_assert_not_null(strstr(rewritten(), "latency-tracking-info-percentiles \"0 0.1 0.2 0.3"));
    fake_files_put_string(&files, "m", rewritten());
    START("timeout", "0");
    cr_assert_str_eq(get_named(&c, "latency-tracking-info-percentiles"), numbers.data);
    buf_deinit(&numbers);
}
