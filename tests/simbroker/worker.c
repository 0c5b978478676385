/* SPDX-License-Identifier: BSD-3-Clause */
#include "simbroker/worker.h"

#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <string.h>

#define COMMIT_BYTES_MAX 2048
#define SESSION_SLACK_US 1500000
#define GHOST_US 1000000

/* --- what was handed out ---------------------------------------------------------------------- */

static void batch_clear(struct worker_batch *b)
{
    b->place_count = b->count = 0;
}

static void batch_add(struct worker_batch *b, int topic, int32_t partition, int64_t offset,
                      size_t id)
{
    if (b->count == b->cap) {
        b->cap = b->cap == 0 ? 64 : 2 * b->cap;
        b->ids = mem_realloc(b->ids, b->cap * sizeof(*b->ids));
    }
    b->ids[b->count++] = id;
    for (size_t i = 0; i < b->place_count; i++) {
        struct worker_place *place = &b->places[i];
        if (place->topic == topic && place->partition == partition) {
            place->offset = offset + 1;
            return;
        }
    }
    ASSERT(b->place_count < WORKER_PLACES_MAX);
    b->places[b->place_count++] = (struct worker_place){topic, partition, offset + 1};
}

static void batch_move(struct worker_batch *to, struct worker_batch *from)
{
    struct worker_batch spare = *to;
    *to = *from;
    *from = spare;
    batch_clear(from);
}

static void work_on(struct worker *k, const struct worker_batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        ledger_processed(k->ledger, b->ids[i], k->group, k->mode == WORKER_BEFORE && !*k->again);
}

static void forget_order(struct worker *k)
{
    memset(k->last, 0xff, sizeof(k->last));
}

void worker_may_go_back(struct worker *k)
{
    forget_order(k);
    /* Answers on their way may be older than what happened. */
    if (k->lenient <= k->pending_count)
        k->lenient = k->pending_count + 1;
}

/* What it holds may belong to another from now on. */
static void lose_grip(struct worker *k)
{
    k->grip = false;
    if (k->gripless < k->pending_count)
        k->gripless = k->pending_count;
    worker_may_go_back(k);
}

void worker_kick(struct worker *k)
{
    k->kicks_in_flight++;
    lose_grip(k);
}

void worker_was_kicked(struct worker *k)
{
    k->kicks_in_flight--;
    lose_grip(k);
}

/* --- life ------------------------------------------------------------------------------------- */

void worker_init(struct worker *k, struct world *w, struct ledger *l, struct worker_stats *stats,
                 int group, int number, enum worker_mode mode, const char *topics)
{
    *k = (struct worker){.world = w,
                         .ledger = l,
                         .stats = stats,
                         .topics = topics,
                         .group = group,
                         .number = number,
                         .mode = mode,
                         .assignor = "STICKY",
                         .session_ms = 3000 + (int64_t)world_below(w, 6000)};
    forget_order(k);
}

static void drop_wire(struct worker *k, int64_t told_ms)
{
    if (k->wire != NULL) {
        wire_cut(k->wire, told_ms);
        if (k->wire->told_us + GHOST_US > k->ghost_us)
            k->ghost_us = k->wire->told_us + GHOST_US;
    }
    k->wire = NULL;
    k->pending_count = 0;
    if (k->batch.count > 0)
        batch_move(&k->stale, &k->batch);
    lose_grip(k);
}

void worker_deinit(struct worker *k)
{
    drop_wire(k, 0);
    mem_free(k->batch.ids);
    mem_free(k->stale.ids);
}

void worker_broker_died(struct worker *k)
{
    drop_wire(k, 0);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void expect(struct worker *k, struct worker_pending p)
{
    ASSERT(k->pending_count < WORKER_PENDING_MAX);
    k->pending[k->pending_count++] = p;
}

static void ask_consume(struct worker *k)
{
    int64_t block_ms = world_chance(k->world, 50) ? (int64_t)world_below(k->world, 4000) + 1 : 0;
    char block[40] = "";
    if (block_ms > 0)
        snprintf(block, sizeof(block), " BLOCK %lld", (long long)block_ms);
    k->stats->blocked += block_ms > 0;
    k->stats->consumes++;
    k->grip = false; /* it may be asked to give up now */
    wire_send(k->wire,
              "CONSUME g%d m%d COUNT %llu%s%s COMMIT %s ASSIGNOR %s SESSION %lld TOPICS %s",
              k->group, k->number, (unsigned long long)(1 + world_below(k->world, 30)), block,
              k->quiet || world_chance(k->world, 50) ? " RESET EARLIEST" : "",
              k->mode == WORKER_AUTO ? "AUTO" : "MANUAL", k->assignor, (long long)k->session_ms,
              k->topics);
    expect(k, (struct worker_pending){.what = ASKED_CONSUME});
}

static void write_places(char *text, size_t size, const struct worker_batch *b)
{
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < b->place_count; i++)
        len += (size_t)snprintf(text + len, size - len, " t%d %d %lld", b->places[i].topic,
                                (int)b->places[i].partition, (long long)b->places[i].offset);
}

static void ask_commit(struct worker *k, const struct worker_batch *b, bool triples, bool firm)
{
    char text[COMMIT_BYTES_MAX] = "";
    if (triples)
        write_places(text, sizeof(text), b);
    k->stats->commits++;
    wire_send(k->wire, "COMMIT g%d m%d%s", k->group, k->number, text);
    struct worker_pending p = {.what = ASKED_COMMIT,
                               .firm = firm,
                               .before = k->mode == WORKER_BEFORE && b == &k->batch,
                               .place_count = triples ? b->place_count : 0};
    memcpy(p.places, b->places, p.place_count * sizeof(p.places[0]));
    expect(k, p);
}

/* --- taking answers --------------------------------------------------------------------------- */

static bool error_is(const struct reply *r, const char *code)
{
    size_t len = strlen(code);
    return r->kind == REPLY_ERROR && r->text.len > len && memcmp(r->text.data, code, len) == 0 &&
           r->text.data[len] == ' ';
}

static int number_behind(struct bytes name)
{
    int64_t n;
    if (name.len < 2 || !num_parse_i64(bytes_of(name.data + 1, name.len - 1), &n))
        world_fail("a strange name in an answer: %.*s", (int)name.len, name.data);
    return (int)n;
}

static void take_record(struct worker *k, int topic, int32_t partition, const struct reply *record)
{
    int64_t offset = record->items[0].integer;
    size_t id = ledger_read(k->ledger, topic, partition, offset, record->items[3].text);
    int64_t *last = &k->last[topic][partition];
    if (offset <= *last)
        world_fail(
            "g%d m%d was given t%d/%d offset %lld behind %lld, and nothing had happened to it",
            k->group, k->number, topic, (int)partition, (long long)offset, (long long)*last);
    *last = offset;
    k->stats->records++;
    batch_add(&k->batch, topic, partition, offset, id);
}

static void take_element(struct worker *k, const struct reply *e)
{
    if (e->kind != REPLY_ARRAY || e->count != 3)
        world_fail("an element of CONSUME's answer is no [topic, partition, records]");
    int topic = number_behind(e->items[0].text);
    int32_t partition = (int32_t)e->items[1].integer;
    const struct reply *records = &e->items[2];
    if (records->kind == REPLY_ERROR) {
        if (error_is(records, "OFFSETOUTOFRANGE"))
            k->stats->lost++;
        else
            k->stats->errors++;
        return;
    }
    for (size_t i = 0; i < records->count; i++)
        take_record(k, topic, partition, &records->items[i]);
}

static void take_consumed(struct worker *k, const struct reply *r)
{
    if (r->kind == REPLY_ERROR) {
        if (!error_is(r, "UNKNOWNMEMBER") && !error_is(r, "FENCED") && !error_is(r, "LOGERROR") &&
            !error_is(r, "NOSPACE"))
            world_fail("CONSUME of g%d m%d: %.*s", k->group, k->number, (int)r->text.len,
                       r->text.data);
        k->stats->errors++;
        lose_grip(k);
        return;
    }
    if (r->kind != REPLY_ARRAY)
        world_fail("CONSUME's answer is no array");
    if (k->batch.count > 0)
        batch_move(&k->stale, &k->batch);
    bool ghost = k->world->clock.mono_us < k->ghost_us;
    if (k->lenient > 0 || ghost)
        forget_order(k);
    for (size_t i = 0; i < r->count; i++)
        take_element(k, &r->items[i]);
    if (k->mode != WORKER_BEFORE)
        work_on(k, &k->batch);
    /* Nothing is asked behind it: what it holds is its own until it asks, or sleeps too long. */
    k->grip = k->batch.count > 0 && k->pending_count == 0 && k->gripless == 0 && !ghost;
    k->handed_us = k->wire->written_us;
}

/* It was told that these are committed: from now on at least so much is. */
static void note_committed(struct worker *k, const struct worker_pending *p)
{
    if (*k->again)
        return; /* which came first, this or the seek, is not known here */
    for (size_t i = 0; i < p->place_count; i++) {
        int64_t *floor =
            &k->ledger->committed[k->group][p->places[i].topic][p->places[i].partition];
        if (p->places[i].offset > *floor)
            *floor = p->places[i].offset;
    }
}

static void take_committed(struct worker *k, const struct worker_pending *p, const struct reply *r)
{
    if (r->kind == REPLY_STATUS) {
        note_committed(k, p);
        if (p->before) {
            work_on(k, &k->batch);
            batch_clear(&k->batch);
        }
        return;
    }
    k->stats->fenced += error_is(r, "FENCED");
    k->stats->unknown += error_is(r, "UNKNOWNMEMBER");
    if (r->kind != REPLY_ERROR)
        world_fail("COMMIT was answered with neither OK nor an error");
    bool in_time = k->world->clock.mono_us - k->handed_us < k->session_ms * 1000 - SESSION_SLACK_US;
    if (p->firm && k->grip && in_time && k->kicks_in_flight == 0 &&
        (error_is(r, "FENCED") || error_is(r, "UNKNOWNMEMBER")))
        world_fail("g%d m%d cannot commit what it holds: %.*s", k->group, k->number,
                   (int)r->text.len, r->text.data);
    if (p->before)
        batch_move(&k->stale, &k->batch);
}

static void take_answers(struct worker *k)
{
    struct reply *r;
    while (k->wire != NULL && k->pending_count > 0 && (r = wire_receive(k->wire)) != NULL) {
        struct worker_pending p = k->pending[0];
        k->pending_count--;
        memmove(k->pending, k->pending + 1, k->pending_count * sizeof(p));
        if (p.what == ASKED_CONSUME)
            take_consumed(k, r);
        else if (p.what == ASKED_COMMIT)
            take_committed(k, &p, r);
        if (k->lenient > 0)
            k->lenient--;
        if (k->gripless > 0)
            k->gripless--;
        reply_free(r);
    }
}

/* --- what it does ------------------------------------------------------------------------------ */

static void go_to_sleep(struct worker *k, int64_t ms)
{
    k->asleep_to_us = k->world->clock.mono_us + ms * 1000;
}

static void commit_batch(struct worker *k)
{
    bool triples = k->mode == WORKER_BEFORE || world_chance(k->world, 60);
    ask_commit(k, &k->batch, triples, k->grip);
    if (k->mode == WORKER_AFTER)
        batch_move(&k->stale, &k->batch);
}

/* What a client does that is not well. True: it did something. */
static bool misbehave(struct worker *k)
{
    struct world *w = k->world;
    uint64_t what = world_below(w, 100);
    if (what < 3) { /* the line breaks; whatever was on it is lost */
        k->stats->cuts++;
        drop_wire(k, world_chance(w, 50) ? 0 : 3 * k->session_ms);
        return true;
    }
    if (what < 5) {
        k->stats->stalls++;
        go_to_sleep(k, (int64_t)world_below(w, 2 * (uint64_t)k->session_ms));
        return true;
    }
    if (k->pending_count > 0)
        return false;
    if (what < 7) {
        k->stats->leaves++;
        wire_send(k->wire, "GROUP LEAVE g%d m%d", k->group, k->number);
        expect(k, (struct worker_pending){.what = ASKED_OTHER});
        if (k->batch.count > 0)
            batch_move(&k->stale, &k->batch);
        lose_grip(k);
        return true;
    }
    if (what < 10 && k->stale.place_count > 0 && k->mode != WORKER_AUTO) {
        k->stats->late_commits++;
        ask_commit(k, &k->stale, true, false);
        return true;
    }
    if (what < 13 && k->mode != WORKER_BEFORE && k->batch.count == 0) {
        k->stats->pipelined++;
        ask_consume(k);
        if (world_chance(w, 50))
            ask_commit(k, &k->stale, false, false);
        ask_consume(k);
        return true;
    }
    return false;
}

/* Its reply does not come: it gives up on the line and asks anew over another, under the same name, while the
 * old one may still be there for the broker. */
static void retry(struct worker *k)
{
    k->stats->retries++;
    drop_wire(k, 2 * k->session_ms);
}

static void go_on(struct worker *k)
{
    if (k->pending_count > 0) {
        if (!k->quiet && world_chance(k->world, 1))
            retry(k);
        return;
    }
    if (k->batch.count > 0 && k->mode != WORKER_AUTO) {
        commit_batch(k);
        return;
    }
    if (k->mode == WORKER_AUTO)
        batch_clear(&k->batch);
    ask_consume(k);
}

void worker_step(struct worker *k)
{
    struct world *w = k->world;
    if (w->clock.mono_us < k->asleep_to_us)
        return;
    if (k->wire != NULL && wire_is_broken(k->wire) && k->wire->to_client.len == 0)
        drop_wire(k, 0);
    if (k->wire == NULL) {
        if (!k->quiet && world_chance(w, 70))
            return;
        k->wire = wire_connect(w);
    }
    if (k->quiet || world_chance(w, 80))
        take_answers(k);
    if (k->wire == NULL || (!k->quiet && misbehave(k)))
        return;
    if (k->quiet || world_chance(w, 50))
        go_on(k);
}
