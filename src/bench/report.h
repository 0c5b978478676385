/* SPDX-License-Identifier: BSD-3-Clause */
/* What came of a measurement, for people or for programs. */
#ifndef ECHOLOG_BENCH_REPORT_H
#define ECHOLOG_BENCH_REPORT_H

#include "bench/run.h"
#include <stdio.h>

/* Of our one core, from which on the figures may be ours and not the server's. */
#define REPORT_OWN_SHARE_MAX 0.95

void report_print(const struct run *run, FILE *out);

#endif
