/* SPDX-License-Identifier: BSD-3-Clause */
/* Log starts moved by hand, and waited for. */
#ifndef ECHOLOG_TESTS_SIM_TRIMS_H
#define ECHOLOG_TESTS_SIM_TRIMS_H

#include "sim/world.h"

void trims_ask(struct world *w, struct part *part);
void trims_cancel_one(struct world *w, struct part *part);
void trims_cancel(struct part *part); /* all */

#endif
