/* SPDX-License-Identifier: BSD-3-Clause */
/* The two steps of a change. Knows nothing of who takes part. */
#include "config/config_part.h"

static struct config_part *part_of(struct list *link)
{
    return CONTAINER_OF(link, struct config_part, link);
}

bool config_change_has(const struct config_change *change, const char *name)
{
    ASSERT(directive_find(&config_table, bytes_of_string(name)) != NULL);
    for (size_t i = 0; i < change->changed_count; i++)
        if (strcmp(change->changed[i]->name, name) == 0)
            return true;
    return false;
}

enum err config_change_refuse(struct config_change *change, const char *name, const char *format,
                              ...)
{
    change->culprit = config_change_has(change, name)
                          ? directive_find(&config_table, bytes_of_string(name))
                          : change->changed[0];
    va_list args;
    va_start(args, format);
    buf_vprintf(change->why, format, args);
    va_end(args);
    return ERR_INVALID;
}

/* The last that prepared is the first to abandon. */
static void abandon_before(struct list *parts, struct list *refused, struct config_change *change)
{
    for (struct list *it = refused->prev; it != parts; it = it->prev)
        if (part_of(it)->abandon != NULL)
            part_of(it)->abandon(part_of(it), change);
}

enum err config_change_run(struct config_change *change, struct list *parts,
                           void (*publish)(void *ctx), void *ctx)
{
    struct list none;
    list_init(&none);
    if (parts == NULL || change->changed_count == 0)
        parts = &none;
    LIST_EACH (it, parts) {
        struct config_part *p = part_of(it);
        enum err err = p->prepare == NULL ? ERR_OK : p->prepare(p, change);
        if (err == ERR_OK)
            continue;
        ASSERT(err == ERR_INVALID);
        ASSERT(change->culprit != NULL);
        abandon_before(parts, it, change);
        return err;
    }
    publish(ctx);
    LIST_EACH (it, parts)
        if (part_of(it)->commit != NULL)
            part_of(it)->commit(part_of(it), change);
    return ERR_OK;
}
