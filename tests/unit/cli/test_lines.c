/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines from a descriptor, keys from lines. */
#include "cli/lines.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

struct feed {
    int read_fd, write_fd;
    struct lines lines;
};

static struct feed feed_open(void)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    return (struct feed){.read_fd = ends[0], .write_fd = ends[1]};
}

static void feed_close(struct feed *f)
{
    close(f->read_fd);
    if (f->write_fd >= 0)
        close(f->write_fd);
    lines_deinit(&f->lines);
}

static void feed_put(struct feed *f, const char *data, size_t len)
{
    cr_assert_eq(write(f->write_fd, data, len), (ssize_t)len);
    cr_assert_eq(lines_fill(&f->lines, f->read_fd), ERR_OK);
}

static void feed_end(struct feed *f)
{
    close(f->write_fd);
    f->write_fd = -1;
    cr_assert_eq(lines_fill(&f->lines, f->read_fd), ERR_OK);
    cr_assert(f->lines.ended);
}

static void expect_line(struct feed *f, const char *text, size_t len)
{
    struct bytes line;

    cr_assert(lines_next(&f->lines, &line));
    cr_expect(bytes_equal(line, bytes_of(text, len)), "'%.*s' instead of '%s'", (int)line.len,
              line.data, text);
}

static void expect_no_line(struct feed *f)
{
    struct bytes line;

    cr_expect(!lines_next(&f->lines, &line));
}

#define FEED(f, text) feed_put(f, text, sizeof(text) - 1)
#define EXPECT_LINE(f, text) expect_line(f, text, sizeof(text) - 1)

Test(lines, come_out_whatever_way_they_are_cut_up)
{
    struct feed f = feed_open();

    FEED(&f, "one\ntw");
    EXPECT_LINE(&f, "one");
    expect_no_line(&f);
    FEED(&f, "o");
    expect_no_line(&f);
    FEED(&f, "\n");
    EXPECT_LINE(&f, "two");
    expect_no_line(&f);
    cr_expect_eq(f.lines.number, 2);
    feed_close(&f);
}

Test(lines, hold_any_bytes_but_the_newline)
{
    struct feed f = feed_open();

    FEED(&f, "a\0b\r\n\xff\xfe\n");
    EXPECT_LINE(&f, "a\0b\r");
    EXPECT_LINE(&f, "\xff\xfe");
    expect_no_line(&f);
    feed_close(&f);
}

Test(lines, may_be_empty)
{
    struct feed f = feed_open();

    FEED(&f, "\n\nx\n");
    EXPECT_LINE(&f, "");
    EXPECT_LINE(&f, "");
    EXPECT_LINE(&f, "x");
    feed_end(&f);
    expect_no_line(&f);
    feed_close(&f);
}

Test(lines, the_last_one_needs_no_newline)
{
    struct feed f = feed_open();

    FEED(&f, "one\nlast");
    EXPECT_LINE(&f, "one");
    expect_no_line(&f);
    feed_end(&f);
    EXPECT_LINE(&f, "last");
    expect_no_line(&f);
    feed_close(&f);
}

Test(lines, an_empty_input_has_none)
{
    struct feed f = feed_open();

    feed_end(&f);
    expect_no_line(&f);
    cr_expect_eq(f.lines.number, 0);
    feed_close(&f);
}

Test(lines, one_given_back_comes_again)
{
    struct feed f = feed_open();
    struct bytes line;

    FEED(&f, "one\ntwo\n");
    EXPECT_LINE(&f, "one");
    cr_assert(lines_next(&f.lines, &line));
    lines_unread(&f.lines, line);
    cr_expect_eq(f.lines.number, 1);
    EXPECT_LINE(&f, "two");
    expect_no_line(&f);
    feed_close(&f);
}

Test(lines, a_descriptor_that_cannot_be_read_is_an_error)
{
    struct lines lines = {0};

    cr_expect_eq(lines_fill(&lines, -1), ERR_IO);
    cr_expect_eq(errno, EBADF);
    lines_deinit(&lines);
}

static void expect_split(const char *line, const char *separator, const char *key,
                         const char *value)
{
    struct bytes k, v;

    cr_assert(line_split(bytes_of_string(line), bytes_of_string(separator), &k, &v));
    cr_expect(bytes_equal(k, bytes_of_string(key)), "key of '%s'", line);
    cr_expect(bytes_equal(v, bytes_of_string(value)), "value of '%s'", line);
}

Test(line_split, cuts_at_the_first_separator)
{
    expect_split("k:v:w", ":", "k", "v:w");
    expect_split("k=>v", "=>", "k", "v");
    expect_split(":v", ":", "", "v");
    expect_split("k:", ":", "k", "");
    expect_split("\t", "\t", "", "");
}

Test(line_split, a_line_without_the_separator_is_refused)
{
    struct bytes k, v;

    cr_expect(!line_split(bytes_of_string("kv"), bytes_of_string(":"), &k, &v));
    cr_expect(!line_split(bytes_of_string("k="), bytes_of_string("=>"), &k, &v));
    cr_expect(!line_split(bytes_of_string(""), bytes_of_string(":"), &k, &v));
}
