/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/usage.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec time;

    return clock_gettime(clock, &time) != 0 ? -1 : (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* The clock of a process tells what /proc/PID/stat does in ticks of 10 ms, but in nanoseconds. */
int64_t usage_cpu_ns(int64_t pid)
{
    clockid_t clock;

    if (pid == 0 || clock_getcpuclockid((pid_t)pid, &clock) != 0)
        return -1;
    return read_clock(clock);
}

int64_t usage_own_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t usage_peak_kib(int64_t pid)
{
    char line[256];
    int64_t kib = -1;
    FILE *file;

    if (pid == 0)
        return -1;
    snprintf(line, sizeof(line), "/proc/%" PRId64 "/status", pid);
    file = fopen(line, "re");
    if (file == NULL)
        return -1;
    while (kib < 0 && fgets(line, sizeof(line), file) != NULL)
        (void)sscanf(line, "VmHWM: %" SCNd64, &kib);
    fclose(file);
    return kib;
}
