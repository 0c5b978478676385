/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that do not stay as they were written. */
#ifndef ECHOLOG_TESTS_SIM_SPOIL_H
#define ECHOLOG_TESTS_SIM_SPOIL_H

#include "sim/world.h"

/* A bit of some file of the partition flips on the device. */
void spoil_rot(struct world *w, struct part *part);
/* Nothing runs: an index or marker is removed, shortened or filled with anything, or one slot of the checkpoint
 * or both are. */
void spoil_at_rest(struct world *w, struct part *part);

#endif
