/* SPDX-License-Identifier: BSD-3-Clause */
/* Assertions stay on, and speak before they end the process. */
#include "base/check.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int heard_fd = -1;

/* In the place of the library's own, which is deaf. */
void check_on_fatal(const char *text)
{
    if (heard_fd >= 0)
        dprintf(heard_fd, "%s", text);
}

struct outer {
    int before;
    int member;
};

Test(check, assert_lets_a_true_condition_pass_and_evaluates_it_once)
{
    int evaluated = 0;

    ASSERT(++evaluated == 1);
    cr_assert_eq(evaluated, 1);
}

Test(check, assert_aborts_on_a_false_condition, .signal = SIGABRT)
{
    int three = 3;

    ASSERT(three == 4);
}

Test(check, container_of_finds_the_struct_around_a_member)
{
    struct outer o = {0};

    cr_assert_eq(CONTAINER_OF(&o.member, struct outer, member), &o);
}

Test(check, a_program_hears_why_it_is_aborted)
{
    int ends[2], status;
    char text[256];

    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        heard_fd = ends[1];
        ASSERT(ends[0] < 0);
    }
    close(ends[1]);
    ssize_t len = read(ends[0], text, sizeof(text) - 1);
    cr_assert_gt(len, 0);
    text[len] = '\0';
    cr_assert_eq(strncmp(text, "assertion failed: ends[0] < 0 (", 31), 0, "%s", text);
    cr_assert_not_null(strstr(text, "test_check.c:"), "%s", text);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
