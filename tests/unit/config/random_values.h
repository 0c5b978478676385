/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that a directive accepts, drawn by chance. */
#ifndef ECHOLOG_TESTS_UNIT_CONFIG_RANDOM_VALUES_H
#define ECHOLOG_TESTS_UNIT_CONFIG_RANDOM_VALUES_H

#include "base/random.h"
#include "config/config.h"

void random_value(struct random *r, const struct directive *d, struct buf *text);

#endif
