/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/trims.h"

#include "base/mem.h"

#define TRIMS_MAX 4

/* One that was asked for. */
struct asked {
    struct list link;
    struct part *part;
    bool trouble; /* the disk may have failed meanwhile */
    struct partition_trim trim;
};

static void asked_free(struct asked *a)
{
    a->part->trim_count--;
    list_remove(&a->link);
    partition_trim_end(&a->trim);
    mem_free(a);
}

static void asked_answered(struct asked *a)
{
    struct part *part = a->part;
    struct world *w = part->w;
    if (!world_gone(w)) {
        world_tell(w, "%s: trimmed: %s, %lld", part->dir, err_text(a->trim.err),
                   (long long)a->trim.log_start);
        world_deed(w, a->trim.err == ERR_OK ? DEED_TRIM_ANSWERED : DEED_TRIM_FAILED);
        if (a->trim.err == ERR_OK)
            model_trim_durable(&part->model, a->trim.log_start);
        else if (!a->trouble && !w->stormy && !w->unsettled && !part->model.failed &&
                 a->trim.err != ERR_NOT_FOUND && a->trim.err != ERR_FAILED)
            model_fail(&part->model, "a trim failed: %s", err_text(a->trim.err));
    }
    asked_free(a);
}

static void trim_done(struct partition_trim *trim)
{
    asked_answered(CONTAINER_OF(trim, struct asked, trim));
}

static int64_t some_offset(struct world *w, const struct part *part)
{
    int64_t start = partition_log_start(part->p), next = partition_next_offset(part->p);
    switch (world_below(w, 8)) {
    case 0:
        return next;
    case 1:
        return next + 1 + (int64_t)world_below(w, 5);
    case 2: /* it is further on already */
        return start - (int64_t)world_below(w, 20);
    default: /* most often a little further */
        return start + world_spread(w, 0, next - start);
    }
}

/* Out of range. */
static void check_refused(const struct part *part, int64_t offset, enum err err)
{
    if (offset < 0 || offset > partition_next_offset(part->p)) {
        if (err != ERR_RANGE && err != ERR_FAILED)
            model_fail(&part->model, "a trim to %lld is not out of range: %s", (long long)offset,
                       err_text(err));
        return;
    }
    if (err == ERR_RANGE)
        model_fail(&part->model, "a trim to %lld is out of range, which goes to %lld",
                   (long long)offset, (long long)partition_next_offset(part->p));
}

void trims_ask(struct world *w, struct part *part)
{
    if (part->trim_count >= TRIMS_MAX)
        return;
    struct asked *a = mem_zalloc(1, sizeof(*a));
    int64_t offset = some_offset(w, part);
    a->part = part;
    a->trouble = w->stormy || w->unsettled;
    a->trim.done = trim_done;
    list_push_back(&part->trims, &a->link);
    part->trim_count++;
    world_deed(w, DEED_TRIM);
    world_tell(w, "%s: trim to %lld", part->dir, (long long)offset);
    if (offset <= partition_next_offset(part->p))
        model_trim_asked(&part->model, offset);
    enum err err = partition_trim(part->p, offset, &a->trim);
    if (world_gone(w)) { /* it may have to be cancelled */
        asked_free(a);
        return;
    }
    if (err == ERR_AGAIN) {
        check_refused(part, offset, ERR_OK);
    } else {
        ASSERT(err == ERR_OK);
        check_refused(part, offset, a->trim.err);
    }
    if ((err == ERR_AGAIN || a->trim.err == ERR_OK) && part->model.start < offset)
        model_fail(&part->model, "a trim to %lld left the log start at %lld", (long long)offset,
                   (long long)part->model.start);
    if (err == ERR_OK && a->trim.err == ERR_RANGE)
        asked_free(a);
    else if (err == ERR_OK)
        asked_answered(a);
}

void trims_cancel_one(struct world *w, struct part *part)
{
    if (list_empty(&part->trims))
        return;
    world_deed(w, DEED_TRIM_CANCELLED);
    asked_free(CONTAINER_OF(part->trims.next, struct asked, link));
}

void trims_cancel(struct part *part)
{
    LIST_EACH (it, &part->trims) {
        asked_free(CONTAINER_OF(it, struct asked, link));
    }
}
