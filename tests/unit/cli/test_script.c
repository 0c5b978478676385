/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands line by line. */
#include "cli/script.h"
#include "peer.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static int run(struct peer *p, const char *text, char **printed)
{
    size_t len = 0;
    FILE *to = open_memstream(printed, &len);
    int input_fd = text_fd(text, strlen(text));
    int status = script_run(&p->connection, &(struct printer){.form = PRINTER_RAW}, input_fd, to);

    fclose(to);
    close(input_fd);
    return status;
}

Test(script, runs_each_line_and_skips_blank_ones)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    peer_says(&p, "+PONG\r\n+hello there\r\n");
    cr_expect_eq(run(&p, "ping\n\n  \necho \"hello there\"", &printed), 0);
    cr_expect_str_eq(printed, "PONG\nhello there\n");
    cr_expect_str_eq(peer_received(&p), "*1 $4 ping *2 $4 echo $11 hello there ");
    free(printed);
    peer_close(&p);
}

Test(script, goes_on_after_an_error_reply_and_fails_at_the_end)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    peer_says(&p, "-ERR no\r\n+PONG\r\n");
    cr_expect_eq(run(&p, "foo\nping\n", &printed), 1);
    cr_expect_str_eq(printed, "ERR no\n\nPONG\n");
    free(printed);
    peer_close(&p);
}

Test(script, stops_where_it_says_quit)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    peer_says(&p, "+PONG\r\n");
    cr_expect_eq(run(&p, "ping\nquit\nping\n", &printed), 0);
    cr_expect_str_eq(peer_received(&p), "*1 $4 ping ");
    free(printed);
    peer_close(&p);
}

Test(script, stops_when_the_connection_is_lost)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    peer_says(&p, "+PONG\r\n");
    peer_hangs_up(&p);
    cr_expect_eq(run(&p, "ping\nping\nping\n", &printed), 2);
    cr_expect_str_eq(printed, "PONG\n");
    free(printed);
    peer_close(&p);
}

Test(script, a_line_with_an_open_quote_is_not_sent)
{
    struct peer p;
    char *printed = NULL;

    peer_open(&p);
    peer_says(&p, "+PONG\r\n");
    cr_expect_eq(run(&p, "echo \"a\nping\n", &printed), 1);
    cr_expect_str_eq(peer_received(&p), "*1 $4 ping ");
    free(printed);
    peer_close(&p);
}
