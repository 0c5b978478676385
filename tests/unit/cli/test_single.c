/* SPDX-License-Identifier: BSD-3-Clause */
/* The command of the command line. */
#include "cli/exit_status.h"
#include "cli/single.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static char *const ping[] = {"PING"};

static int run(struct peer *p, const struct single *s, char **printed)
{
    size_t len = 0;
    FILE *to = open_memstream(printed, &len);
    int status = single_run(&p->connection, s, &(struct printer){.form = PRINTER_RAW}, to);

    fclose(to);
    return status;
}

Test(single, runs_as_often_as_it_is_told)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    peer_says(&p, "+1\r\n+2\r\n+3\r\n");
    cr_expect_eq(run(&p, &(struct single){.words = ping, .count = 1, .repeat = 3}, &printed), 0);
    cr_expect_str_eq(printed, "1\n2\n3\n");
    cr_expect_str_eq(peer_received(&p), "*1 $4 PING *1 $4 PING *1 $4 PING ");
    free(printed);
    peer_close(&p);
}

Test(single, an_error_reply_is_remembered_and_does_not_end_it)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    peer_says(&p, "-ERR no\r\n+2\r\n");
    cr_expect_eq(run(&p, &(struct single){.words = ping, .count = 1, .repeat = 2}, &printed),
                 EXIT_STATUS_REFUSED);
    cr_expect_str_eq(printed, "ERR no\n\n2\n");
    free(printed);
    peer_close(&p);
}

Test(single, a_lost_connection_has_a_status_of_its_own)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    peer_says(&p, "-ERR no\r\n");
    peer_hangs_up(&p);
    cr_expect_eq(
        run(&p, &(struct single){.words = ping, .count = 1, .repeat = SINGLE_FOREVER}, &printed),
        EXIT_STATUS_FAILED);
    free(printed);
    peer_close(&p);
}

Test(single, no_connection_has_it_too)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    connection_close(&p.connection);
    p.connection.target.host = "no host of this name.invalid";
    cr_expect_eq(run(&p, &(struct single){.words = ping, .count = 1, .repeat = 1}, &printed),
                 EXIT_STATUS_FAILED);
    free(printed);
    peer_close(&p);
}

/* Printing is what interrupts, so the wait behind it has begun or is about to. */
static ssize_t interrupting_write(void *peer, const char *text, size_t len)
{
    (void)text;
    peer_interrupts(peer);
    return (ssize_t)len;
}

Test(single, an_interrupt_ends_the_wait_between)
{
    struct peer p;
    const struct single s = {.words = ping,
                             .count = 1,
                             .repeat = SINGLE_FOREVER,
                             .interval_us = INT64_C(3600) * 1000000};

    peer_open(&p);
    peer_says(&p, "+1\r\n");
    FILE *to = fopencookie(&p, "w", (cookie_io_functions_t){.write = interrupting_write});
    cr_expect_eq(single_run(&p.connection, &s, &(struct printer){.form = PRINTER_RAW}, to), 0);
    fclose(to);
    cr_expect_str_eq(peer_received(&p), "*1 $4 PING ");
    peer_close(&p);
}

Test(single, takes_the_last_word_from_the_input_byte_for_byte)
{
    struct peer p;
    char *printed = NULL;
    static const char input[] = "a\xff\n\"b\n";
    int input_fd = text_fd(input, sizeof(input) - 1);

    peer_open(&p);
    peer_says(&p, "+OK\r\n");
    cr_expect_eq(run(&p,
                     &(struct single){.words = (char *const[]){"PRODUCE", "t"},
                                      .count = 2,
                                      .repeat = 1,
                                      .last_from_input = true,
                                      .input_fd = input_fd},
                     &printed),
                 0);
    cr_expect_str_eq(peer_received(&p), "*3 $7 PRODUCE $1 t $6 a\xff \"b  ");
    close(input_fd);
    free(printed);
    peer_close(&p);
}
