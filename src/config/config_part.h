/* SPDX-License-Identifier: BSD-3-Clause */
/* What must succeed before a new value holds: a port to listen on, a file to open, certificates to read.
 * Who owns such a thing embeds a part and takes part in every change, in two steps: all parts prepare
 * beside what is running; then all commit, or those that prepared abandon it.
 *
 *     static enum err on_prepare(struct config_part *p, struct config_change *change)
 *     {
 *         if (!config_change_has(change, "port") && !config_change_has(change, "bind"))
 *             return ERR_OK;
 *         ... listen as change->after has it, beside the listeners that are open ...
 *         return config_change_refuse(change, "port", "Unable to listen on this port. ...");
 *     }
 */
#ifndef ECHOLOG_CONFIG_CONFIG_PART_H
#define ECHOLOG_CONFIG_CONFIG_PART_H

#include "base/list.h"
#include "config/config.h"

struct config_change {
    const struct config
        *after; /* all values as they will be; good until commit or abandon is over */
    /* The directives that get another value, in the order given, or that DIRECTIVE_REFERS marks. */
    const struct directive **changed;
    size_t changed_count;
    const struct directive *culprit; /* of a refusal; or NULL */
    struct buf *why;
};

struct config_part {
    /* Does all that can fail, and changes nothing that can be seen. ERR_INVALID with the reason: use
     * config_change_refuse. Nothing is left prepared then. NULL: there is nothing to prepare. The
     * running configuration still has the old values. */
    enum err (*prepare)(struct config_part *p, struct config_change *change);
    /* Puts what was prepared in place of what was there; the running configuration has the new values.
     * Is called for every change, also one of which nothing was prepared. NULL: nothing to do. */
    void (*commit)(struct config_part *p, const struct config_change *change);
    /* Drops what was prepared: another part refused. NULL: nothing to do. */
    void (*abandon)(struct config_part *p, const struct config_change *change);
    struct list link; /* of all parts, in the order they were added */
};

bool config_change_has(const struct config_change *change, const char *name);

/* Words a refusal, as "… (possibly related to argument '<name>') - <reason>", and returns ERR_INVALID.
 * When several directives could be the cause, name one that changes: the first is taken otherwise. */
enum err config_change_refuse(struct config_change *change, const char *name, const char *format,
                              ...) PRINTF_LIKE(3, 4);

/* Prepares and then, with `publish`, makes the new values hold, and commits; or abandons. ERR_INVALID:
 * nothing has changed. `parts` is the head of the list, or NULL. */
MUST_CHECK
enum err config_change_run(struct config_change *change, struct list *parts,
                           void (*publish)(void *ctx), void *ctx);

#endif
