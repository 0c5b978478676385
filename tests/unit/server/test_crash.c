/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults of a process of its own, and what is reported of them. */
#include "server/crash.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define REPORT_BYTES_MAX 65536

static struct crash crash;

static void on_fatal(int number, siginfo_t *info, void *context)
{
    crash_report(&crash, number, info, context);
}

/* Lets `fall` happen in a child, and returns what it wrote before it died of `number`. */
static const char *report_of(void (*fall)(void), int number)
{
    static char report[REPORT_BYTES_MAX];
    struct rlimit none = {0};
    int ends[2], status;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &none);
        alarm(60);
        crash_init(&crash, ends[1]);
        crash_handle(&crash, on_fatal);
        fall();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t got;
    while ((got = read(ends[0], report + len, sizeof(report) - 1 - len)) > 0)
        len += (size_t)got;
    report[len] = '\0';
    close(ends[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "it did not die: %s", report);
    cr_assert_eq(WTERMSIG(status), number, "it died of %d: %s", WTERMSIG(status), report);
    return report;
}

/* Sanitizers report themselves. */
static bool handled(void)
{
    struct sigaction now;
    crash_init(&crash, STDERR_FILENO);
    crash_handle(&crash, on_fatal);
    sigaction(SIGSEGV, NULL, &now);
    crash_handle(&crash, NULL);
    return (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_fatal;
}

#define SKIP_WHERE_SANITIZED \
    if (!handled())          \
    return

__attribute__((noinline)) static void write_to_nowhere(void)
{
    volatile uintptr_t nowhere = 0x18;
    *(volatile int *)nowhere = 1;
}

Test(crash, a_write_to_nowhere_is_reported_with_address_and_function)
{
    SKIP_WHERE_SANITIZED;
    const char *report = report_of(write_to_nowhere, SIGSEGV);
    cr_assert_not_null(strstr(report, "(SIGSEGV), si_code 1, accessing address 0x18\n"), "%s",
                       report);
    cr_assert_not_null(strstr(report, "(write_to_nowhere+0x"), "%s", report);
    cr_assert_not_null(strstr(report, "=== END OF THE CRASH REPORT ===\n"), "%s", report);
}

__attribute__((noinline)) static int deeper(int x)
{
    volatile char room[4096];
    room[0] = (char)x;
    return x < 0 ? x : deeper(x + 1) + room[0];
}

static void fall_for_ever(void)
{
    struct rlimit small = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    setrlimit(RLIMIT_STACK, &small);
    _exit(deeper(1));
}

Test(crash, a_stack_that_overflows_is_reported)
{
    SKIP_WHERE_SANITIZED;
    const char *report = report_of(fall_for_ever, SIGSEGV);
    cr_assert_not_null(strstr(report, "(deeper+0x"), "%s", report);
    cr_assert_not_null(strstr(report, "=== END"), "%s", report);
}

static void *fall_in_thread(void *ctx)
{
    (void)ctx;
    write_to_nowhere();
    return NULL;
}

static void fall_many_times(void)
{
    pthread_t threads[8];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_create(&threads[i], NULL, fall_in_thread, NULL);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
}

Test(crash, threads_that_fall_together_make_one_report)
{
    SKIP_WHERE_SANITIZED;
    const char *report = report_of(fall_many_times, SIGSEGV);
    const char *begin = strstr(report, "=== CRASH REPORT");
    cr_assert_not_null(begin, "%s", report);
    cr_assert_null(strstr(begin + 1, "=== CRASH REPORT"), "%s", report);
    cr_assert_not_null(strstr(report, "=== END"), "%s", report);
}

/* A report that stumbles itself: over a broker that is none. */
static void fall_twice(void)
{
    crash.broker = (struct broker *)(uintptr_t)0x10;
    write_to_nowhere();
}

Test(crash, a_fault_in_the_report_ends_the_process_with_what_was_written)
{
    SKIP_WHERE_SANITIZED;
    const char *report = report_of(fall_twice, SIGSEGV);
    cr_assert_not_null(strstr(report, "(write_to_nowhere+0x"), "%s", report);
    cr_assert_null(strstr(report, "=== END"), "%s", report);
}

static void abort_with_reason(void)
{
    strcpy(crash.reason, "assertion failed: all is well");
    abort();
}

Test(crash, an_abort_is_reported_with_its_reason)
{
    SKIP_WHERE_SANITIZED;
    const char *report = report_of(abort_with_reason, SIGABRT);
    cr_assert_not_null(strstr(report, "Reason: assertion failed: all is well\n"), "%s", report);
}

static struct trace_syslog logger;

static void abort_with_logger(void)
{
    crash.syslog = &logger;
    abort_with_reason();
}

Test(crash, the_system_s_logger_hears_one_line)
{
    SKIP_WHERE_SANITIZED;
    char text[512];
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
    trace_syslog_init(&logger, "", "ident", LOG_LOCAL0);
    logger.fd = ends[1];
    report_of(abort_with_logger, SIGABRT);
    ssize_t len = recv(ends[0], text, sizeof(text) - 1, 0);
    text[len < 0 ? 0 : len] = '\0';
    cr_assert_eq(strncmp(text, "<130>ident[", 11), 0, "%s", text);
    cr_assert_not_null(
        strstr(text, "]: Crashed by signal 6 (SIGABRT) assertion failed: all is well"), "%s", text);
    cr_assert_lt(recv(ends[0], text, sizeof(text), 0), 0, "and no more");
}
