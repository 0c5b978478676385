/* SPDX-License-Identifier: BSD-3-Clause */
/* A run of the storage, from its start to its end by a stop, a kill or a power cut, and the audit of what it
 * finds: everything is read and held against the model. */
#ifndef ECHOLOG_TESTS_SIM_RUNS_H
#define ECHOLOG_TESTS_SIM_RUNS_H

#include "sim/world.h"

/* Opens all there is, also on a disk that fails, until it works. */
void run_start(struct world *w);
/* Ends the run; the disk may have died before, or does so in here. */
void run_end(struct world *w, enum model_end wanted);
/* The two, with some spoiling in between. */
void run_restart(struct world *w, enum model_end end);

/* A partition begins, empty. */
void run_create_part(struct world *w, struct part *part);

#endif
