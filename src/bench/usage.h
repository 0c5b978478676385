/* SPDX-License-Identifier: BSD-3-Clause */
/* What a process has used, as the system counts it: the CPU time of all its threads, and its memory. */
#ifndef ECHOLOG_BENCH_USAGE_H
#define ECHOLOG_BENCH_USAGE_H

#include <stdint.h>

/* User and system time of process `pid` in nanoseconds; -1 when pid is 0 or there is no such process. */
int64_t usage_cpu_ns(int64_t pid);
int64_t usage_own_cpu_ns(void);

/* The most that has been resident, in KiB; -1 as above. */
int64_t usage_peak_kib(int64_t pid);

#endif
