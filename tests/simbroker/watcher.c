/* SPDX-License-Identifier: BSD-3-Clause */
#include "simbroker/watcher.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_BYTES_MAX 2048
#define STALL_MS_MAX 5000

void watcher_init(struct watcher *f, struct world *w, struct ledger *l, const int32_t *partitions,
                  int number)
{
    *f = (struct watcher){.world = w, .ledger = l, .partitions = partitions, .number = number};
}

void watcher_drop(struct watcher *f)
{
    if (f->wire != NULL)
        wire_cut(f->wire, world_chance(f->world, 50) ? 0 : 3000);
    f->wire = NULL;
    memset(f->follows, 0, sizeof(f->follows));
}

void watcher_deinit(struct watcher *f)
{
    watcher_drop(f);
}

/* Asks for all partitions that there are, each from behind what it saw last; for whole topics as long as it has
 * seen nothing, so that added partitions join by themselves. */
static void follow(struct watcher *f)
{
    char text[COMMAND_BYTES_MAX] = "FOLLOW";
    size_t len = strlen(text);
    bool whole = f->records == 0 && f->lost == 0;
    for (int t = 0; t < LEDGER_TOPICS; t++) {
        for (int p = 0; p < f->partitions[t]; p++) {
            if (whole && p > 0)
                break;
            if (whole)
                len += (size_t)snprintf(text + len, sizeof(text) - len, " t%d FROM EARLIEST", t);
            else if (f->next[t][p] > 0)
                len += (size_t)snprintf(text + len, sizeof(text) - len, " t%d/%d FROM %lld", t, p,
                                        (long long)f->next[t][p]);
            else
                len +=
                    (size_t)snprintf(text + len, sizeof(text) - len, " t%d/%d FROM EARLIEST", t, p);
        }
    }
    if (strchr(text, ' ') == NULL)
        return; /* no topics yet */
    f->wire = wire_connect(f->world);
    f->resumed += !whole;
    if (f->number % 2 != 0)
        wire_send(f->wire, "HELLO 3");
    wire_send(f->wire, "%s", text);
}

/* --- what comes ------------------------------------------------------------------------------- */

/* Nothing that counts stands in [from, to). */
static void check_nothing_between(struct watcher *f, int t, int32_t p, int64_t from, int64_t to,
                                  const char *what)
{
    const struct ledger_partition *lp = &f->ledger->partitions[t][p];
    for (int64_t o = from; o < to && o < (int64_t)lp->count; o++) {
        const struct ledger_record *r = lp->ids[o] < 0 ? NULL : &f->ledger->records[lp->ids[o]];
        if (r != NULL && ledger_must_be_there(f->ledger, r))
            world_fail("follower %d: %s t%d/%d from %lld to %lld leaves out the record at %lld",
                       f->number, what, t, (int)p, (long long)from, (long long)to, (long long)o);
    }
}

static void take_follow(struct watcher *f, int t, int32_t p, const struct reply *r)
{
    int64_t at = r->items[3].integer;
    if (at < f->next[t][p])
        world_fail("follower %d: t%d/%d begins at %lld, asked from %lld", f->number, t, (int)p,
                   (long long)at, (long long)f->next[t][p]);
    check_nothing_between(f, t, p, f->next[t][p], at, "following");
    f->next[t][p] = at;
    f->follows[t][p] = true;
}

static void take_record(struct watcher *f, int t, int32_t p, const struct reply *r)
{
    int64_t offset = r->items[3].integer;
    if (!f->follows[t][p])
        world_fail("follower %d: a record of t%d/%d before it was told of it", f->number, t,
                   (int)p);
    if (offset < f->next[t][p])
        world_fail("follower %d: t%d/%d offset %lld comes behind %lld", f->number, t, (int)p,
                   (long long)offset, (long long)f->next[t][p] - 1);
    ledger_read(f->ledger, t, p, offset, r->items[6].text);
    check_nothing_between(f, t, p, f->next[t][p], offset, "reading on");
    f->next[t][p] = offset + 1;
    f->records++;
}

static void take_lost(struct watcher *f, int t, int32_t p, const struct reply *r)
{
    int64_t from = r->items[3].integer, to = r->items[4].integer;
    if (from < f->next[t][p] || to <= from)
        world_fail("follower %d: t%d/%d lost %lld to %lld, and is at %lld", f->number, t, (int)p,
                   (long long)from, (long long)to, (long long)f->next[t][p]);
    check_nothing_between(f, t, p, f->next[t][p], to, "told of a loss in");
    f->next[t][p] = to;
    f->lost++;
}

static void take(struct watcher *f, const struct reply *r)
{
    if (r->kind == REPLY_MAP)
        return; /* of HELLO */
    if ((r->kind != REPLY_ARRAY && r->kind != REPLY_PUSH) || r->count < 4)
        world_fail("follower %d: a strange answer: %.*s", f->number, (int)r->text.len,
                   r->text.data);
    int64_t t;
    struct bytes kind = r->items[0].text, name = r->items[1].text;
    if (name.len != 2 || !num_parse_i64(bytes_of(name.data + 1, 1), &t) || t >= LEDGER_TOPICS)
        world_fail("follower %d: of a strange topic", f->number);
    int32_t p = (int32_t)r->items[2].integer;
    if (bytes_is(kind, "follow"))
        take_follow(f, (int)t, p, r);
    else if (bytes_is(kind, "record") && r->count == 8)
        take_record(f, (int)t, p, r);
    else if (bytes_is(kind, "lost") && r->count == 6)
        take_lost(f, (int)t, p, r);
    else
        world_fail("follower %d: '%.*s' was not to be expected", f->number, (int)kind.len,
                   kind.data);
}

/* --- what it does -------------------------------------------------------------------------------- */

void watcher_step(struct watcher *f)
{
    struct world *w = f->world;
    if (f->wire != NULL && wire_is_broken(f->wire))
        watcher_drop(f);
    if (f->wire == NULL) {
        if (f->quiet || world_chance(w, 20))
            follow(f);
        return;
    }
    f->wire->stalled = !f->quiet && w->clock.mono_us < f->stalled_to_us;
    if (f->wire->stalled)
        return;
    struct reply *r;
    while ((r = wire_receive(f->wire)) != NULL) {
        take(f, r);
        reply_free(r);
    }
    if (f->quiet)
        return;
    uint64_t what = world_below(w, 1000);
    if (what < 10) {
        watcher_drop(f);
    } else if (what < 20) {
        f->stalls++;
        f->stalled_to_us = w->clock.mono_us + 1000 * (int64_t)world_below(w, STALL_MS_MAX);
    }
}

void watcher_check_all(const struct watcher *f)
{
    for (size_t i = 0; i < f->ledger->count; i++) {
        const struct ledger_record *r = &f->ledger->records[i];
        if (r->offset >= f->next[r->topic][r->partition] && ledger_must_be_there(f->ledger, r))
            world_fail("follower %d never saw record %zu (t%d/%d offset %lld)", f->number, i,
                       r->topic, (int)r->partition, (long long)r->offset);
    }
}
