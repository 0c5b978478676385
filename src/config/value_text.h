/* SPDX-License-Identifier: BSD-3-Clause */
/* Values as they are written into a file: what reading gives back, in the form a person would choose. */
#ifndef ECHOLOG_CONFIG_VALUE_TEXT_H
#define ECHOLOG_CONFIG_VALUE_TEXT_H

#include "config/directive.h"

/* Calls `line` with what stands behind the name, once for each line that the value takes. */
void value_text_lines(const struct directive *d, const void *values,
                      void (*line)(void *ctx, struct bytes value), void *ctx);

/* A size in the largest unit that has no rest: "64mb". */
void value_text_size(int64_t bytes, struct buf *text);

#endif
