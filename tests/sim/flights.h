/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads and searches under way. Their answers are passed on to the model. */
#ifndef ECHOLOG_TESTS_SIM_FLIGHTS_H
#define ECHOLOG_TESTS_SIM_FLIGHTS_H

#include "sim/world.h"

void flights_read(struct world *w, struct part *part);
void flights_seek(struct world *w, struct part *part);
void flights_cancel_one(struct world *w, struct part *part);
void flights_cancel(struct part *part); /* all */
/* Reads begun before suffer from the weather too. */
void flights_suffer(struct part *part);

#endif
