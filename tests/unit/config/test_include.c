/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that read other files, and where an error is said to be. */
#include "unit/config/fake_files.h"
#include "unit/config/say.h"
#include <criterion/criterion.h>
#include <stdio.h>

static struct config c;
static struct fake_files files;
static bool to_the_end;

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

TestSuite(include, .init = set_up, .fini = tear_down);

#define PUT(path, text) fake_files_put_string(&files, path, text)

static const char *read_path(const char *path)
{
    struct buf why = {0};
    struct config_source s = {
        .config = &c, .files = &files.files, .to_the_end = to_the_end, .why = &why};
    enum err err = config_read_file(&s, path);

    cr_assert((err == ERR_OK) == (s.problems == 0));
    return said(&why, err);
}

Test(include, a_file_is_read_where_it_is_included)
{
    PUT("a", "port 1\ntimeout 1\ninclude b\nmaxclients 3\n");
    PUT("b", "port 2\nmaxclients 2\n");
    cr_assert_str_eq(read_path("a"), "");
    cr_assert(c.port == 2 && c.timeout_s == 1 && c.maxclients == 3);
}

Test(include, files_that_a_pattern_matches_are_all_read_and_none_is_fine)
{
    PUT("a", "include d/*.conf\ninclude \"none*\"\n");
    PUT("d/1.conf", "port 1\ntimeout 1\n");
    PUT("d/2.conf", "port 2\n");
    PUT("d/2.txt", "port 3\n");
    cr_assert_str_eq(read_path("a"), "");
    cr_assert(c.port == 2 && c.timeout_s == 1);
}

Test(include, errors_name_the_file_and_line_they_are_in)
{
    PUT("a", "\ninclude b\n");
    PUT("b", "port 1\n\nprot 2\n");
    cr_assert_str_eq(read_path("a"), "b:3: unknown directive 'prot'; did you mean 'port'?");
    PUT("b", "include nosuch");
    cr_assert_str_eq(read_path("a"), "b:1: include 'nosuch': No such file or directory");
    cr_assert_str_eq(read_path("nosuch"),
                     "cannot read the configuration file 'nosuch': No such file or directory");
}

Test(include, a_directory_that_cannot_be_read_is_an_error)
{
    PUT("a", "include locked/*.conf\n");
    cr_assert_str_eq(read_path("a"),
                     "a:1: include 'locked/*.conf': a directory in it cannot be read");
}

Test(include, wants_one_path)
{
    PUT("a", "include");
    cr_assert_str_eq(read_path("a"), "a:1: include needs the path of a file, a single one");
    PUT("a", "include b b");
    cr_assert_str_eq(read_path("a"), "a:1: include needs the path of a file, a single one");
    PUT("a", "include \"\"");
    cr_assert_str_eq(read_path("a"), "a:1: include needs the path of a file, a single one");
    PUT("a", "include \"b\\x00\"");
    cr_assert_str_eq(read_path("a"), "a:1: include needs the path of a file, a single one");
    PUT("a", "inclde b");
    cr_assert_str_eq(read_path("a"), "a:1: unknown directive 'inclde'; did you mean 'include'?");
}

Test(include, a_circle_is_refused_by_whatever_paths_it_goes)
{
    PUT("a", "port 1\ninclude ./a\n");
    cr_assert_str_eq(read_path("a"), "a:2: include './a': the file includes itself");
    PUT("a", "include b");
    PUT("b", "include c");
    PUT("c", "# x\ninclude ./b");
    cr_assert_str_eq(read_path("a"), "c:2: include './b': the file is being read already: it "
                                     "includes itself by way of this one");
    PUT("a", "include *");
    cr_assert_str_eq(read_path("a"), "a:1: include 'a': the file includes itself");
}

Test(include, the_same_file_twice_is_no_circle)
{
    PUT("a", "include b\nport 1\ninclude b\n");
    PUT("b", "port 2");
    cr_assert_str_eq(read_path("a"), "");
    cr_assert(c.port == 2);
}

Test(include, depth_and_number_are_bounded)
{
    char path[16], text[64];

    for (int i = 0; i <= CONFIG_INCLUDE_DEPTH_MAX; i++) {
        (void)snprintf(path, sizeof(path), "%d", i);
        (void)snprintf(text, sizeof(text), "include %d", i + 1);
        PUT(path, text);
    }
    (void)snprintf(path, sizeof(path), "%d", CONFIG_INCLUDE_DEPTH_MAX);
    PUT(path, "port 7");
    cr_assert_str_eq(read_path("0"), "");
    cr_assert(c.port == 7);
    PUT(path, "include 17");
    PUT("17", "port 8");
    cr_assert_str_eq(read_path("0"), "16:1: include '17': files include one another too deep");
    cr_assert(c.port == 7);
    /* Each of them twice would be 65,536 files. */
    for (int i = 0; i < CONFIG_INCLUDE_DEPTH_MAX; i++) {
        (void)snprintf(path, sizeof(path), "%d", i);
        (void)snprintf(text, sizeof(text), "include %d\ninclude %d\n", i + 1, i + 1);
        PUT(path, text);
    }
    PUT("16", "");
    cr_assert_not_null(strstr(read_path("0"), "more than 1000 files"));
}

Test(include, what_is_no_file_can_include_only_where_there_are_files)
{
    struct buf why = {0};
    struct config_source s = {.config = &c, .files = &files.files, .why = &why};

    PUT("b", "port 2");
    cr_assert(config_read_text(&s, "input", BYTES_LITERAL("include b")) == ERR_OK);
    cr_assert(c.port == 2);
    cr_assert_str_eq(read_text(&c, "include b"),
                     "x.conf:1: include 'b': files cannot be included here");
}

Test(include, options_include_at_their_place)
{
    struct buf why = {0};
    struct config_source s = {.config = &c, .files = &files.files, .why = &why};
    char *words[] = {"--port", "1", "--timeout", "1", "--include", "b", "--timeout", "3"};

    PUT("b", "port 2\ntimeout 2");
    cr_assert(config_read_options(&s, (int)COUNT_OF(words), words) == ERR_OK);
    cr_assert(c.port == 2 && c.timeout_s == 3);
    words[5] = "nosuch";
    cr_assert_str_eq(said(&why, config_read_options(&s, (int)COUNT_OF(words), words)),
                     "--include 'nosuch': No such file or directory");
}

Test(include, to_the_end_every_problem_is_told)
{
    to_the_end = true;
    PUT("a", "prot 1\ninclude b\ninclude nosuch\nport x\ndir \"\ntimeout 9\n");
    PUT("b", "include b\nmaxclients 0\nmaxclients 7\n");
    cr_assert_str_eq(read_path("a"),
                     "a:1: unknown directive 'prot'; did you mean 'port'?\n"
                     "b:1: include 'b': the file includes itself\n"
                     "b:2: maxclients '0': argument must be between 1 and 4294967295 inclusive\n"
                     "a:3: include 'nosuch': No such file or directory\n"
                     "a:4: port 'x': argument couldn't be parsed into an integer\n"
                     "a:5: unbalanced quotes");
    cr_assert(c.timeout_s == 9 && c.maxclients == 7);
}
