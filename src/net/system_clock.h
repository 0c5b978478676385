/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's clocks behind base/clock.h. */
#ifndef ECHOLOG_NET_SYSTEM_CLOCK_H
#define ECHOLOG_NET_SYSTEM_CLOCK_H

#include "base/clock.h"

void system_clock_init(struct clock *clock); /* and updates it once */

#endif
