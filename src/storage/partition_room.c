/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that were written to stay open until a sync covers them, so that many partitions with little in each could
 * take all descriptors of the process. At the bound, those that come next wait, and have the others synced. */
#include "storage/partition_internal.h"

/* How many syncs are asked for when the waiting begins: enough for the workers, few enough to gather more
 * meanwhile. And each time that one of them is over. */
#define ROOM_SYNCS_FIRST 32
#define ROOM_SYNCS_NEXT 4

static bool has_room(const struct storage *st)
{
    unsigned most = st->options.files_written_max;
    return most == 0 ||
           st->stats.open_files + (st->opening + 1) * FILES_PER_WRITABLE_SEGMENT <= most;
}

/* Whether files will be closed without another record being written. */
static bool will_have_room(const struct storage *st)
{
    return !list_empty(&st->holders) || st->opening > 0;
}

/* Looks at some of those that hold files, and has them synced. They go behind the others: so in front are those
 * that nothing happens to yet. */
static void make_room(struct storage *st, unsigned count)
{
    struct list *last = st->holders.prev;
    for (; count > 0 && !list_empty(&st->holders); count--) {
        struct list *first = st->holders.next;
        struct partition *p = CONTAINER_OF(first, struct partition, holder_link);
        list_remove(first);
        list_push_back(&st->holders, first);
        if (p->work.kind == WORK_NONE && p->failed == ERR_OK && !partition_dirty(p) &&
            p->batch_log_synced < p->batch_written) {
            group_sync_forget(p);
            work_start_sync(p);
        }
        if (first == last)
            break;
    }
}

bool partition_waits_for_room(struct partition *p)
{
    struct storage *st = p->st;
    if (has_room(st) || p->closing)
        return false;
    if (!list_empty(&p->room_link))
        return true;
    files_close_idle(&st->files);
    if (has_room(st) || !will_have_room(st))
        return false;
    list_push_back(&st->room_waiters, &p->room_link);
    make_room(st, ROOM_SYNCS_FIRST);
    return true;
}

void partition_room_made(struct storage *st)
{
    if (list_empty(&st->room_waiters))
        return;
    if (!has_room(st))
        files_close_idle(&st->files);
    while (!list_empty(&st->room_waiters) && (has_room(st) || !will_have_room(st))) {
        struct partition *p = CONTAINER_OF(st->room_waiters.next, struct partition, room_link);
        list_remove(&p->room_link);
        /* With a job under way it comes here again by itself. */
        if (p->work.kind == WORK_NONE && p->tail.waiting > 0 && !partition_ready(p))
            work_start_open(p);
    }
    if (!list_empty(&st->room_waiters))
        make_room(st, ROOM_SYNCS_NEXT);
}
