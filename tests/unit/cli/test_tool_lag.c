/* SPDX-License-Identifier: BSD-3-Clause */
/* lag: its lines and its table. */
#include "cli/tool_lag.h"
#include "tool_run.h"
#include <criterion/criterion.h>
#include <unistd.h>

#define LAG(n)                                                                    \
    "%4\r\n$5\r\ngroup\r\n$1\r\ng\r\n$3\r\nlag\r\n:" n "\r\n$7\r\nlag-max\r\n:" n \
    "\r\n$10\r\nlag-ms-max\r\n:20\r\n"

static char why[FLAGS_WHY_BYTES];

#define PARSE(o, ...)                                                                            \
    lag_options_parse(o, (int)COUNT_OF(((char *[]){__VA_ARGS__})), (char *const[]){__VA_ARGS__}, \
                      why)

#define RUN(r, keys_fd, ...)                                \
    do {                                                    \
        struct lag_options options;                         \
        cr_assert(PARSE(&options, __VA_ARGS__), "%s", why); \
        lag_run(&(r)->tool, &options, keys_fd);             \
        tool_run_ended(r);                                  \
    } while (0)

Test(lag_options, are_read)
{
    struct lag_options o;

    cr_assert(PARSE(&o, "--watch", "--interval", "0.5", "--rounds", "2"));
    cr_expect_eq(o.interval_us, 500000);
    cr_expect(!PARSE(&o, "--rounds", "2"));
    cr_expect_str_eq(why, "--rounds goes with --watch");
}

Test(lag, off_a_terminal_a_round_is_a_line_for_each_group)
{
    struct tool_run r;

    tool_run_open(&r);
    r.printer.form = PRINTER_RAW;
    peer_answers(&r.peer, "*1\r\n$1\r\ng\r\n");
    peer_answers(&r.peer, LAG("7"));
    peer_answers(&r.peer, "*1\r\n$1\r\ng\r\n");
    peer_answers(&r.peer, LAG("5"));
    peer_serves(&r.peer, false);
    RUN(&r, -1, "--watch", "--interval", "0.001", "--rounds", "2");
    const char *first = strchr(r.printed, '\t'), *second = strchr(strchr(r.printed, '\n'), '\t');
    cr_expect_eq(strncmp(first, "\tg\t7\t7\t20\n", 10), 0, "%s", r.printed);
    cr_expect_str_eq(second, "\tg\t5\t5\t20\n");
    tool_run_close(&r);
}

Test(lag, a_group_that_is_not_there_is_an_error_but_may_be_watched)
{
    struct tool_run r;

    tool_run_open(&r);
    r.printer.form = PRINTER_RAW;
    peer_says(&r.peer, "-UNKNOWNGROUP there is no group 'g'\r\n");
    RUN(&r, -1, "--group", "g");
    cr_expect_eq(r.tool.status, EXIT_STATUS_REFUSED);
    cr_expect_str_eq(r.printed, "");
    tool_run_close(&r);

    tool_run_open(&r);
    r.printer.form = PRINTER_RAW;
    peer_says(&r.peer, "-UNKNOWNGROUP there is no group 'g'\r\n");
    RUN(&r, -1, "--group", "g", "--watch", "--rounds", "1");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect_str_eq(strchr(r.printed, '\t'), "\tg\t-\t-\t-\n");
    tool_run_close(&r);
}

Test(lag, once_it_is_a_table)
{
    struct tool_run r;

    tool_run_open(&r);
    peer_says(&r.peer, "*1\r\n$1\r\ng\r\n" LAG("7"));
    RUN(&r, -1, "--interval", "1");
    cr_expect_str_eq(r.printed,
                     "group  lag  lag-max  lag-ms-max\ng        7        7          20\n");
    tool_run_close(&r);
}

Test(lag, the_live_table_ends_at_q_and_has_bars)
{
    struct tool_run r;
    int keys_fd = text_fd("xq", 2);

    tool_run_open(&r);
    peer_says(&r.peer, "*1\r\n$1\r\ng\r\n" LAG("7"));
    RUN(&r, keys_fd, "--watch", "--interval", "3600");
    cr_expect_eq(r.tool.status, EXIT_STATUS_OK);
    cr_expect(strstr(r.printed, "per-second") != NULL);
    cr_expect(strstr(r.printed, "█") != NULL);
    close(keys_fd);
    tool_run_close(&r);
}

/* Printing interrupts: the wait for the next round is on. */
static ssize_t interrupting_write(void *peer, const char *text, size_t len)
{
    (void)text;
    peer_interrupts(peer);
    return (ssize_t)len;
}

Test(lag, an_interrupt_is_a_good_end)
{
    struct tool_run r;
    const struct lag_options o = {.watch = true, .interval_us = INT64_C(3600) * 1000000};

    tool_run_open(&r);
    r.printer.form = PRINTER_RAW;
    peer_says(&r.peer, "*1\r\n$1\r\ng\r\n" LAG("7"));
    FILE *out = r.tool.out;
    r.tool.out = fopencookie(&r.peer, "w", (cookie_io_functions_t){.write = interrupting_write});
    cr_expect_eq(lag_run(&r.tool, &o, -1), 0);
    fclose(r.tool.out);
    r.tool.out = out;
    tool_run_ended(&r);
    tool_run_close(&r);
}
