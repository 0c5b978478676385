/* SPDX-License-Identifier: BSD-3-Clause */
/* One line at a time from a terminal: libedit with a history, Tab, a hint at the right, and another descriptor that is
 * served while the user types. */
#ifndef ECHOLOG_CLI_EDITOR_H
#define ECHOLOG_CLI_EDITOR_H

#include "base/buf.h"
#include "base/bytes.h"
#include "cli/complete.h"

#define EDITOR_HISTORY_LINES_MAX 1000
#define EDITOR_HINT_COLUMNS_MIN 8 /* with less room there is no hint */

/* What the editor asks its owner. */
struct editor_ops {
    /* NUL-terminated, valid until the next call. */
    const char *(*prompt)(void *ctx);
    /* Appends what may follow the line up to the cursor. */
    void (*hint)(void *ctx, struct bytes line, struct buf *hint);
    void (*complete)(void *ctx, struct bytes line, struct completion *c);
    /* The descriptor to watch, or -1; and what to do when it is readable: appends what is to be shown above the line. */
    int (*watched)(void *ctx);
    void (*readable)(void *ctx, struct buf *shown);
};

struct editor;

enum editor_end {
    EDITOR_LINE,
    EDITOR_DROPPED, /* Ctrl-C with text in the line, or before the line could be edited */
    EDITOR_END,     /* Ctrl-C on an empty line, Ctrl-D, the end of the input */
};

/* On standard input and output. `history_path` is borrowed; "": none is kept. `interrupt_fd` is as in interrupt.h; `hints`:
 * whether to show them. */
struct editor *editor_create(const struct editor_ops *ops, void *ctx, const char *history_path,
                             int interrupt_fd, bool hints);
void editor_destroy(struct editor *e);
/* *line is valid until the next call. */
enum editor_end editor_read(struct editor *e, const char **line);
void editor_remember(struct editor *e, const char *line);

#endif
