/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be measured, by name. */
#ifndef ECHOLOG_BENCH_SCENARIO_H
#define ECHOLOG_BENCH_SCENARIO_H

#include "base/check.h"
#include "bench/run.h"
#include <stdbool.h>
#include <stddef.h>

bool scenario_exists(const char *name);
/* The n-th, in the order that people are told of them; NULL behind the last. */
const char *scenario_name(size_t n);
const char *scenario_summary(size_t n);

/* Runs what the options say. False: run->why says why it could not be done. */
MUST_CHECK
bool scenario_run(struct run *run);

#endif
