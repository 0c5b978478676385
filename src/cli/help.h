/* SPDX-License-Identifier: BSD-3-Clause */
/* The prompt's help, from the server's own documentation. */
#ifndef ECHOLOG_CLI_HELP_H
#define ECHOLOG_CLI_HELP_H

#include "cli/docs.h"
#include "cli/style.h"

/* Appends help for what stands behind the word "help": nothing, a command with or without sub-command, or "@group". */
void help_append(struct buf *out, const struct style *style, const struct docs *d,
                 const struct bytes *words, size_t count);
/* For a command that was refused with this error: the name that may have been meant, or the syntax. Nothing when neither
 * would help. */
void help_explain(struct buf *out, const struct style *style, const struct docs *d,
                  const struct bytes *words, size_t count, struct bytes error);

#endif
