/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* jemalloc's way of asking; absent when it is not linked in. */
extern int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
    __attribute__((weak));
extern void malloc_stats_print(void (*write)(void *ctx, const char *text), void *ctx,
                               const char *options) __attribute__((weak));
#define MALLCTL_ARENAS_ALL 4096 /* its number for all of them; see jemalloc(3) */

static size_t resident_bytes(int64_t *threads)
{
    long resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f != NULL) {
        if (fscanf(f, "%*s %ld", &resident) != 1)
            resident = 0;
        fclose(f);
    }
    *threads = 1;
    f = fopen("/proc/self/status", "re");
    if (f != NULL) {
        char line[256];
        while (fgets(line, sizeof(line), f) != NULL) {
            long count;
            if (sscanf(line, "Threads: %ld", &count) == 1)
                *threads = count;
        }
        fclose(f);
    }
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* --- the allocator -------------------------------------------------------------------------- */

const char *process_allocator(char *name, size_t room)
{
    const char *version = "";
    size_t len = sizeof(version);
    if (mallctl == NULL || mallctl("version", &version, &len, NULL, 0) != 0)
        return "libc";
    snprintf(name, room, "jemalloc-%.*s", (int)strcspn(version, "-"), version);
    return name;
}

/* Figures of jemalloc are those of its last epoch. */
static void begin_epoch(void)
{
    uint64_t epoch = 1;
    size_t len = sizeof(epoch);
    mallctl("epoch", &epoch, &len, &epoch, len);
}

static size_t allocator_figure(const char *name)
{
    size_t value = 0, len = sizeof(value);
    return mallctl(name, &value, &len, NULL, 0) == 0 ? value : 0;
}

static size_t memory_allocated(void)
{
    if (mallctl == NULL)
        return 0;
    begin_epoch();
    return allocator_figure("stats.allocated");
}

static void read_allocator(struct process_figures *figures)
{
    figures->allocator =
        process_allocator(figures->allocator_name, sizeof(figures->allocator_name));
    figures->memory_allocated = figures->memory_active = figures->memory_mapped = 0;
    if (mallctl == NULL)
        return;
    figures->memory_allocated = memory_allocated();
    figures->memory_active = allocator_figure("stats.active");
    figures->memory_mapped = allocator_figure("stats.resident");
}

static bool purge(void)
{
    char name[32];
    snprintf(name, sizeof(name), "arena.%u.purge", MALLCTL_ARENAS_ALL);
    return mallctl != NULL && mallctl(name, NULL, NULL, NULL, 0) == 0;
}

static void append_report(void *ctx, const char *text)
{
    buf_append_string(ctx, text);
}

static bool malloc_report(struct buf *text)
{
    if (malloc_stats_print == NULL)
        return false;
    malloc_stats_print(append_report, text, NULL);
    return true;
}

/* --- the process ------------------------------------------------------------------------------ */

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void read_cpu(struct process_figures *figures)
{
    struct rusage all, thread;
    getrusage(RUSAGE_THREAD, &thread); /* first: the whole is not less than its part then */
    getrusage(RUSAGE_SELF, &all);
    figures->memory_peak = (size_t)all.ru_maxrss * 1024;
    figures->cpu_sys = seconds_of(all.ru_stime);
    figures->cpu_user = seconds_of(all.ru_utime);
    figures->cpu_sys_main = seconds_of(thread.ru_stime);
    figures->cpu_user_main = seconds_of(thread.ru_utime);
}

void process_read_figures(struct services *sv, struct process_figures *figures)
{
    (void)sv;
    figures->pid = getpid();
    figures->memory_resident = resident_bytes(&figures->threads);
    figures->memory_system = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    read_cpu(figures);
    read_allocator(figures);
    ssize_t len = readlink("/proc/self/exe", figures->executable, sizeof(figures->executable) - 1);
    figures->executable[len > 0 ? len : 0] = '\0';
    struct utsname name;
    figures->os[0] = '\0';
    if (uname(&name) == 0)
        snprintf(figures->os, sizeof(figures->os), "%s %s %s", name.sysname, name.release,
                 name.machine);
}

static void sleep_us(int64_t us)
{
    struct timespec left = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

const struct process_ops process_ops = {
    .sleep_us = sleep_us,
    .purge = purge,
    .malloc_report = malloc_report,
    .memory_allocated = memory_allocated,
};

/* --- limits --------------------------------------------------------------------------------- */

int64_t process_raise_file_limit(int64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur >= (rlim_t)wanted)
        return (int64_t)limit.rlim_cur;
    struct rlimit raised = {.rlim_cur = (rlim_t)wanted, .rlim_max = limit.rlim_max};
    if (raised.rlim_max < raised.rlim_cur)
        raised.rlim_max = raised.rlim_cur;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return wanted;
    raised.rlim_cur = raised.rlim_max = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return (int64_t)limit.rlim_max;
    return (int64_t)limit.rlim_cur;
}

bool process_random(void *data, size_t len)
{
    char *to = data;
    while (len > 0) {
        ssize_t got = getrandom(to, len, 0);
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0) {
            to += got;
            len -= (size_t)got;
        }
    }
    return true;
}
