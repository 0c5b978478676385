/* SPDX-License-Identifier: BSD-3-Clause */
/* COMMIT group member [topic partition offset [METADATA text]] ...: all or nothing. The offset is that of
 * the next record to read. */
#include "commands/arguments.h"
#include "commands/errors.h"
#include "commands/group_reply.h"
#include "commands/handlers.h"

#include "base/mem.h"
#include "base/num.h"
#include "groups/commit.h"

static bool read_triple(struct call *c, int at, const struct group *g, struct commit *commit)
{
    *commit = (struct commit){.topic = c->argv[at], .metadata = BYTES_NULL};
    if (!num_parse_i64(c->argv[at + 1], &commit->number)) {
        reply_not_an_integer(c);
        return false;
    }
    if (!argument_int(c, c->argv[at + 2], "an offset", 0, INT64_MAX, &commit->offset))
        return false;
    const struct group_topic *gt = group_topic(g, commit->topic);
    if (gt != NULL)
        commit->gp = group_partition(gt, commit->number);
    return true;
}

/* Returns how many; -1 with an answer. */
static int read_triples(struct call *c, const struct group *g, struct commit *commits)
{
    int count = 0;
    for (int at = 3; at < c->argc;) {
        if (at + 3 > c->argc) {
            write_error(&c->w, "ERR COMMIT needs a topic, a partition and an offset each time");
            return -1;
        }
        if (!read_triple(c, at, g, &commits[count]))
            return -1;
        at += 3;
        if (at + 1 < c->argc && bytes_is(c->argv[at], "metadata")) {
            commits[count].metadata = c->argv[at + 1];
            at += 2;
        }
        count++;
    }
    return count;
}

static void commit(struct call *c, struct member *m, const struct commit *commits, int count)
{
    struct commit_result result = {.where = NULL};
    struct buf why = {0};
    enum ack ack = group_ack(c);
    enum err err = count > 0 ? commit_offsets(m, commits, (size_t)count, ack, &why, &result)
                             : commit_handed(m, &c->session->group_client,
                                             c->session->sent_before_input, ack, &why, &result);
    if (err == ERR_OK)
        reply_ok_when_written(c, result.where, result.appended.batch, ack);
    else
        write_group_error(&c->w, err, &why);
    buf_deinit(&why);
}

void cmd_commit(struct call *c)
{
    struct buf why = {0};
    struct member *m;
    enum err err = groups_member(c->sv->groups, c->argv[1], c->argv[2], &why, &m);
    if (err != ERR_OK)
        write_group_error(&c->w, err, &why);
    buf_deinit(&why);
    if (err != ERR_OK)
        return;
    struct commit *commits = mem_zalloc((size_t)c->argc / 3 + 1, sizeof(*commits));
    int count = read_triples(c, m->group, commits);
    if (count > OFFSET_RECORDS_MAX)
        write_error(&c->w, "ERR COMMIT takes at most %d partitions at once, and was given %d",
                    OFFSET_RECORDS_MAX, count);
    else if (count >= 0)
        commit(c, m, commits, count);
    mem_free(commits);
}
