/* SPDX-License-Identifier: BSD-3-Clause */
/* What a supervisor hears, and how often it hears that the loop lives. */
#include "server/notify.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct supervisor {
    int fd;
    char name[64]; /* as in NOTIFY_SOCKET */
    char text[1024];
};

/* In the abstract space, so that nothing is left behind. */
static void supervise(struct supervisor *s)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(s->name, sizeof(s->name), "@echolog-test-notify-%d", (int)getpid());
    memcpy(address.sun_path + 1, s->name + 1, (size_t)len - 1);
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(s->fd, (struct sockaddr *)&address,
                      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
                 0);
}

static const char *heard(struct supervisor *s)
{
    ssize_t len = recv(s->fd, s->text, sizeof(s->text) - 1, 0);
    s->text[len < 0 ? 0 : len] = '\0';
    return s->text;
}

Test(notify, states_are_told_as_sd_notify_has_them)
{
    struct supervisor s;
    struct notify n;
    supervise(&s);
    cr_assert(notify_open(&n, s.name, NULL, NULL));
    notify_ready(&n, "Ready");
    cr_assert_str_eq(heard(&s), "READY=1\nSTATUS=Ready");
    notify_reloading(&n, 1234);
    cr_assert_str_eq(heard(&s), "RELOADING=1\nMONOTONIC_USEC=1234\nSTATUS=Reloading");
    notify_stopping(&n);
    cr_assert_str_eq(heard(&s), "STOPPING=1\nSTATUS=Writing out what was acknowledged");
    notify_close(&n);
}

Test(notify, steps_of_the_start_ask_for_time_once_a_second)
{
    struct supervisor s;
    struct notify n;
    supervise(&s);
    cr_assert(notify_open(&n, s.name, NULL, NULL));
    notify_step(&n, 5000000, 0);
    cr_assert_str_eq(heard(&s), "EXTEND_TIMEOUT_USEC=300000000\n"
                                "STATUS=Opening the log: 0 partitions so far");
    notify_step(&n, 5999999, 7);
    cr_assert_str_eq(heard(&s), "");
    notify_step(&n, 6000000, 8);
    cr_assert_not_null(strstr(heard(&s), "8 partitions"));
    notify_close(&n);
}

Test(notify, the_watchdog_hears_twice_as_often_as_it_asks)
{
    struct supervisor s;
    struct notify n;
    char pid[16];
    supervise(&s);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    cr_assert(notify_open(&n, s.name, "1000", pid));
    notify_turn(&n, 10000);
    cr_assert_str_eq(heard(&s), "WATCHDOG=1");
    cr_assert_eq(notify_wait_us(&n, 10000, -1), 500);
    cr_assert_eq(notify_wait_us(&n, 10000, 499), 499);
    cr_assert_eq(notify_wait_us(&n, 10100, 1000), 400);
    notify_turn(&n, 10499);
    cr_assert_str_eq(heard(&s), "");
    notify_turn(&n, 10500);
    cr_assert_str_eq(heard(&s), "WATCHDOG=1");
    notify_close(&n);
}

Test(notify, a_watchdog_of_another_process_is_not_ours)
{
    struct supervisor s;
    struct notify n;
    supervise(&s);
    cr_assert(notify_open(&n, s.name, "1000", "1"));
    notify_turn(&n, 10000);
    cr_assert_str_eq(heard(&s), "");
    cr_assert_eq(notify_wait_us(&n, 10000, -1), -1);
    notify_close(&n);
}

Test(notify, a_supervisor_that_does_not_read_is_asked_again_without_a_busy_loop)
{
    struct supervisor s;
    struct notify n;
    int sent = 0;
    supervise(&s);
    cr_assert(notify_open(&n, s.name, "1000", NULL));
    int64_t now_us = 10000;
    for (notify_turn(&n, now_us); n.next_ping_us > now_us; notify_turn(&n, now_us)) {
        now_us += 500;
        cr_assert_lt(++sent, 1000000);
    }
    cr_assert_eq(notify_wait_us(&n, now_us, -1), 126);
    while (*heard(&s) != '\0')
        ;
    notify_turn(&n, now_us);
    cr_assert_str_eq(heard(&s), "WATCHDOG=1");
    notify_close(&n);
}

Test(notify, without_a_socket_all_is_silence_and_a_wrong_one_is_told)
{
    struct notify n;
    cr_assert(notify_open(&n, NULL, "1000", NULL));
    notify_ready(&n, "Ready");
    notify_turn(&n, 1);
    cr_assert_eq(notify_wait_us(&n, 1, -1), -1);
    cr_assert_not(notify_open(&n, "/nowhere/at/all", NULL, NULL));
    notify_stopping(&n);
    cr_assert_not(notify_open(&n, "", NULL, NULL));
    notify_close(&n);
}
