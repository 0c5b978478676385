/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/process.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

/* jemalloc's way of asking; absent when it is not linked in. */
extern int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
    __attribute__((weak));

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

const char *process_allocator(char *name, size_t room)
{
    const char *version = "";
    size_t len = sizeof(version);
    if (mallctl == NULL || mallctl("version", &version, &len, NULL, 0) != 0)
        return "libc";
    snprintf(name, room, "jemalloc-%.*s", (int)strcspn(version, "-"), version);
    return name;
}

static size_t allocated_bytes(void)
{
    uint64_t epoch = 1;
    size_t allocated = 0;
    size_t len = sizeof(epoch);
    if (mallctl == NULL)
        return 0;
    mallctl("epoch", &epoch, &len, &epoch, len);
    len = sizeof(allocated);
    return mallctl("stats.allocated", &allocated, &len, NULL, 0) == 0 ? allocated : 0;
}

void process_read_figures(struct services *sv, struct process_figures *figures)
{
    (void)sv;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    figures->pid = getpid();
    figures->memory_resident = resident_bytes(&figures->threads);
    figures->memory_peak = (size_t)usage.ru_maxrss * 1024;
    figures->cpu_sys = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
    figures->cpu_user = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
    figures->memory_allocated = allocated_bytes();
    figures->allocator =
        process_allocator(figures->allocator_name, sizeof(figures->allocator_name));
    struct utsname name;
    figures->os[0] = '\0';
    if (uname(&name) == 0)
        snprintf(figures->os, sizeof(figures->os), "%s %s %s", name.sysname, name.release,
                 name.machine);
}

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
