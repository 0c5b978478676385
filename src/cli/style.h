/* SPDX-License-Identifier: BSD-3-Clause */
/* How what is printed may look: as wide as the terminal, and in colour or not. */
#ifndef ECHOLOG_CLI_STYLE_H
#define ECHOLOG_CLI_STYLE_H

#include "base/buf.h"
#include "base/bytes.h"
#include <stdbool.h>

/* Zero-initialised is valid and plain. */
struct style {
    bool colour;
    size_t width; /* columns; 0: as wide as it comes */
};

enum style_role {
    STYLE_ERROR,
    STYLE_HEADING,
    STYLE_FAINT, /* what may be overlooked: how long a command took */
};

/* Of a terminal: its width, and colour unless NO_COLOR (https://no-color.org) or a dumb terminal says otherwise. */
struct style style_of_terminal(int fd);
/* Appends the text in the role's colour. */
void style_append(struct buf *out, const struct style *style, enum style_role role,
                  struct bytes text);

#endif
