/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/file_limit.h"

#include "server/process.h"

/* Descriptors besides those of clients and sealed segments: listeners, epoll, active segments … */
#define FILES_BESIDE 1024
#define FILES_OTHER 128 /* of these, what is no segment */
/* What is asked for, for segments that are written to: four each of as many partitions as there can be. */
#define FILES_WRITTEN_WANTED 400000

static int64_t beside_clients(const struct config *c)
{
    return c->open_files_max + FILES_BESIDE;
}

static void lower_maxclients(struct config *c, int64_t limit, int64_t room, struct trace *trace)
{
    TRACE_WARN(trace,
               "The system allows %lld open files: maxclients is %lld instead of %lld. "
               "Raise the limit (ulimit -n) to serve more",
               (long long)limit, (long long)room, (long long)c->maxclients);
    c->maxclients = room;
}

int64_t file_limit_fit(struct config *c, struct trace *trace)
{
    int64_t beside = beside_clients(c);
    int64_t limit = process_raise_file_limit(c->maxclients + beside + FILES_WRITTEN_WANTED);
    /* Half of what there is, at least: without clients the files are of no use. */
    int64_t room = limit - beside > limit / 2 ? limit - beside : limit / 2;
    if (room < c->maxclients)
        lower_maxclients(c, limit, room, trace);
    int64_t rest = limit - c->maxclients - FILES_OTHER;
    return rest > limit / 4 ? rest : limit / 4;
}

static enum err on_prepare(struct config_part *p, struct config_change *change)
{
    (void)p;
    if (!config_change_has(change, "maxclients"))
        return ERR_OK;
    int64_t beside = beside_clients(change->after);
    int64_t limit = process_raise_file_limit(change->after->maxclients + beside);
    if (limit >= change->after->maxclients + beside)
        return ERR_OK;
    return config_change_refuse(
        change, "maxclients",
        "The operating system is not able to handle the specified number of clients, try with %lld",
        (long long)(limit > beside ? limit - beside : 1));
}

void file_limit_part_init(struct config_part *part)
{
    *part = (struct config_part){.prepare = on_prepare};
}
