/* SPDX-License-Identifier: BSD-3-Clause */
/* The sticky assignor. Inside src/groups: assignor_run calls it. */
#ifndef ECHOLOG_GROUPS_ASSIGNOR_STICKY_H
#define ECHOLOG_GROUPS_ASSIGNOR_STICKY_H

#include "groups/assignor.h"

void assignor_sticky(const struct assignor_input *in, int32_t *targets);

#endif
