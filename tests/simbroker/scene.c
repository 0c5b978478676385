/* SPDX-License-Identifier: BSD-3-Clause */
#include "simbroker/scene.h"

#include "groups/groups.h"
#include "simbroker/watcher.h"
#include "simbroker/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 15
#define WATCHERS_MAX 3
#define PRODUCED_PENDING_MAX 64
#define AUDITS_PENDING_MAX 64
#define REST_TURNS 600
#define REST_TURNS_MAX 60000
#define SLEEP_MS_MAX 300
#define SEGMENT_BYTES_MIN 1024
#define RETENTION_MS_MIN 2000
#define TOPIC_COMMAND_BYTES_MAX 256

const char *const scene_count_names[SCENE_COUNT] = {
    [SCENE_TURNS] = "turns of the broker",
    [SCENE_KILLS] = "kills",
    [SCENE_POWER_CUTS] = "power cuts",
    [SCENE_PRODUCED] = "records produced",
    [SCENE_ACKNOWLEDGED] = "records acknowledged",
    [SCENE_PROCESSED] = "records processed, over all groups",
    [SCENE_TWICE] = "of these not for the first time",
    [SCENE_CONSUMES] = "CONSUME",
    [SCENE_BLOCKED] = "of these with BLOCK",
    [SCENE_PIPELINED] = "pipelines of CONSUME and COMMIT",
    [SCENE_COMMITS] = "COMMIT",
    [SCENE_LATE_COMMITS] = "of these too late",
    [SCENE_FENCED] = "answered FENCED",
    [SCENE_UNKNOWN] = "answered UNKNOWNMEMBER",
    [SCENE_STRANGE_COMMITS] = "COMMIT of what is not the member's",
    [SCENE_CUTS] = "lines broken",
    [SCENE_RETRIES] = "retries over another connection",
    [SCENE_STALLS] = "stalls",
    [SCENE_LEAVES] = "GROUP LEAVE",
    [SCENE_KICKS] = "GROUP KICK",
    [SCENE_SEEKS] = "GROUP SEEK",
    [SCENE_GROWN] = "topics grown",
    [SCENE_TRIMS] = "TOPIC TRIM",
    [SCENE_SEGMENTS] = "segments that trimming and retention removed",
    [SCENE_COMPACTIONS] = "compactions",
    [SCENE_LOST] = "answers that told of a lost range",
    [SCENE_FOLLOWED] = "records followed",
    [SCENE_FOLLOWED_AGAIN] = "followers that joined up again",
    [SCENE_FOLLOWER_STALLS] = "followers that stalled",
    [SCENE_FOLLOWER_LOST] = "ranges that followers were told to be lost",
    [SCENE_REBALANCES] = "rebalances",
    [SCENE_EXPIRED] = "sessions that ran out",
    [SCENE_LOST_WITH_POWER] = "records that a power cut may have taken",
};

struct produced {
    size_t id;
    enum ledger_ack ack;
};

/* What the administrator's connection waits for. */
enum audit_kind { AUDIT_ANY, AUDIT_MUST_FAIL, AUDIT_KICK, AUDIT_GROW, AUDIT_SEEK };

struct audit {
    enum audit_kind kind;
    int which; /* the worker, the topic or the group */
};

struct scene_group {
    enum worker_mode mode;
    unsigned topics; /* that its members subscribe to: bit by number */
    bool same_topics;
    int32_t epoch;
    /* Epochs below it were taken for good when `bound_batch` of the group's topic was durable. */
    int32_t bound, bound_durable;
    uint64_t bound_batch;
    bool seeking; /* GROUP SEEK is under way: committed offsets may go back */
    bool again;   /* there was one */
    int64_t committed[LEDGER_TOPICS][LEDGER_PARTITIONS_MAX]; /* as seen last; -1 none */
};

struct scene {
    struct world world;
    struct ledger ledger;
    struct worker_stats stats;
    uint64_t *counts;
    int topic_count, group_count;
    int32_t partitions[LEDGER_TOPICS]; /* 0: not there yet */
    int64_t segment_bytes;
    struct scene_group groups[LEDGER_GROUPS];
    struct worker workers[WORKERS_MAX];
    int worker_count;
    struct watcher watchers[WATCHERS_MAX];
    int watcher_count;
    struct wire *producer, *admin; /* NULL: not connected */
    struct produced produced[PRODUCED_PENDING_MAX];
    size_t produced_count;
    struct audit audits[AUDITS_PENDING_MAX];
    size_t audit_count;
    bool quiet;
};

static const char *const topic_sets[] = {"t0", "t0 t1", "t0 t1 t2", "t1 t2"};

/* --- producing ---------------------------------------------------------------------------------- */

static void produce(struct scene *s)
{
    struct world *w = &s->world;
    if (s->produced_count == PRODUCED_PENDING_MAX)
        return;
    int t = (int)world_below(w, (uint64_t)s->topic_count);
    if (s->partitions[t] == 0)
        return;
    /* A hot partition among quiet ones. */
    int32_t p = world_chance(w, 50) ? 0 : (int32_t)world_below(w, (uint64_t)s->partitions[t]);
    enum ledger_ack ack = world_chance(w, 50) ? LEDGER_SYNCED : LEDGER_WRITTEN;
    if (s->producer == NULL)
        s->producer = wire_connect(w);
    int key = (int)world_below(w, LEDGER_KEYS);
    size_t id = ledger_add(&s->ledger, t, p, key);
    s->produced[s->produced_count++] = (struct produced){id, ack};
    s->counts[SCENE_PRODUCED]++;
    wire_send(s->producer, "PRODUCE t%d %zu KEY k%d PARTITION %d ACK %s", t, id, key, (int)p,
              ack == LEDGER_SYNCED ? "SYNCED" : "WRITTEN");
}

static void take_produced(struct scene *s)
{
    struct reply *r;
    while (s->producer != NULL && s->produced_count > 0 &&
           (r = wire_receive(s->producer)) != NULL) {
        struct produced p = s->produced[0];
        s->produced_count--;
        memmove(s->produced, s->produced + 1, s->produced_count * sizeof(p));
        if (r->kind == REPLY_ARRAY && r->count == 2) {
            s->counts[SCENE_ACKNOWLEDGED]++;
            ledger_acknowledged(&s->ledger, p.id, r->items[1].integer, p.ack);
        } else if (r->kind != REPLY_ERROR) {
            world_fail("PRODUCE was answered with neither a place nor an error");
        } else if (!s->world.disk->dead) {
            world_fail("PRODUCE: %.*s", (int)r->text.len, r->text.data);
        }
        reply_free(r);
    }
}

/* --- the administrator ---------------------------------------------------------------------------- */

static bool audit(struct scene *s, enum audit_kind kind, int which)
{
    if (s->audit_count == AUDITS_PENDING_MAX)
        return false;
    if (s->admin == NULL)
        s->admin = wire_connect(&s->world);
    s->audits[s->audit_count++] = (struct audit){kind, which};
    return true;
}

static void take_audit(struct scene *s, const struct audit *a, const struct reply *r)
{
    bool failed = r->kind == REPLY_ERROR;
    switch (a->kind) {
    case AUDIT_ANY:
        break;
    case AUDIT_MUST_FAIL:
        if (!failed)
            world_fail("a COMMIT of what is not the member's was accepted");
        break;
    case AUDIT_KICK:
        worker_was_kicked(&s->workers[a->which]);
        break;
    case AUDIT_SEEK:
        s->groups[a->which].seeking = false;
        break;
    case AUDIT_GROW:
        if (!failed && s->partitions[a->which] < LEDGER_PARTITIONS_MAX) {
            s->partitions[a->which]++;
            s->counts[SCENE_GROWN]++;
        }
        break;
    }
}

static void take_audits(struct scene *s)
{
    struct reply *r;
    while (s->admin != NULL && s->audit_count > 0 && (r = wire_receive(s->admin)) != NULL) {
        struct audit a = s->audits[0];
        s->audit_count--;
        memmove(s->audits, s->audits + 1, s->audit_count * sizeof(a));
        take_audit(s, &a, r);
        reply_free(r);
    }
}

static struct groups *groups_of(struct scene *s)
{
    return broker_services(s->world.broker)->groups;
}

static struct group *group_now(struct scene *s, int g)
{
    char name[16];
    snprintf(name, sizeof(name), "g%d", g);
    return groups_find(groups_of(s), bytes_of_string(name));
}

static void kick(struct scene *s)
{
    int which = (int)world_below(&s->world, (uint64_t)s->worker_count);
    struct worker *k = &s->workers[which];
    if (!audit(s, AUDIT_KICK, which))
        return;
    worker_kick(k);
    s->counts[SCENE_KICKS]++;
    wire_send(s->admin, "GROUP KICK g%d m%d", k->group, k->number);
}

/* t1 may keep its records for a while only, t2 the last of each key only. */
static void create(struct scene *s, int t, int32_t partitions)
{
    const struct ledger_kept *kept = &s->ledger.kept[t];
    char config[TOPIC_COMMAND_BYTES_MAX] = "";
    size_t len =
        (size_t)snprintf(config, sizeof(config), " CONFIG segment.bytes %d", (int)s->segment_bytes);
    if (kept->retention_ms > 0)
        snprintf(config + len, sizeof(config) - len, " retention.ms %lld",
                 (long long)kept->retention_ms);
    else if (kept->compacted)
        snprintf(config + len, sizeof(config) - len,
                 " cleanup.policy compact min.cleanable.dirty.ratio 0.1");
    wire_send(s->admin, "TOPIC CREATE t%d PARTITIONS %d%s", t, (int)partitions, config);
}

static void grow(struct scene *s)
{
    int t = (int)world_below(&s->world, (uint64_t)s->topic_count);
    for (size_t i = 0; i < s->audit_count; i++)
        if (s->audits[i].kind == AUDIT_GROW)
            return;
    if (s->partitions[t] == LEDGER_PARTITIONS_MAX || !audit(s, AUDIT_GROW, t))
        return;
    if (s->partitions[t] == 0)
        create(s, t, 1);
    else
        wire_send(s->admin, "TOPIC ALTER t%d PARTITIONS %d REMAP", t, (int)s->partitions[t] + 1);
}

/* Sends the members of a group to sleep, so that it has none for a while. */
static void empty_group(struct scene *s, int g)
{
    for (int i = 0; i < s->worker_count; i++) {
        struct worker *k = &s->workers[i];
        if (k->group != g || !audit(s, AUDIT_KICK, i))
            continue;
        worker_kick(k);
        k->asleep_to_us = s->world.clock.mono_us + 1000000;
        wire_send(s->admin, "GROUP KICK g%d m%d", k->group, k->number);
    }
}

static void seek(struct scene *s)
{
    int g = (int)world_below(&s->world, (uint64_t)s->group_count);
    struct scene_group *sg = &s->groups[g];
    const struct group *group = group_now(s, g);
    if (group == NULL || sg->seeking)
        return;
    if (group->member_count > 0)
        empty_group(s, g);
    if (!audit(s, AUDIT_SEEK, g))
        return;
    int t = (int)world_below(&s->world, (uint64_t)s->topic_count);
    sg->seeking = sg->again = true;
    memset(s->ledger.committed[g], 0xff, sizeof(s->ledger.committed[g]));
    memset(sg->committed, 0xff, sizeof(sg->committed));
    s->counts[SCENE_SEEKS]++;
    wire_send(s->admin, "GROUP SEEK g%d t%d TO %s", g, t,
              world_chance(&s->world, 50) ? "EARLIEST" : "SHIFT -5");
}

static void trim(struct scene *s)
{
    int t = (int)world_below(&s->world, (uint64_t)s->topic_count);
    if (s->partitions[t] == 0 || !audit(s, AUDIT_ANY, 0))
        return;
    int32_t p = (int32_t)world_below(&s->world, (uint64_t)s->partitions[t]);
    int64_t before = (int64_t)world_below(&s->world, s->ledger.partitions[t][p].count + 1);
    if (before > s->ledger.trimmed[t][p])
        s->ledger.trimmed[t][p] = before;
    s->counts[SCENE_TRIMS]++;
    wire_send(s->admin, "TOPIC TRIM t%d %d BEFORE %lld", t, (int)p, (long long)before);
}

/* A commit in the name of one who does not have the partition, of the very offset that is committed, so
 * that it does no harm if the member has it by the time. */
struct strange {
    struct group *group;
    struct member *member;
    struct group_partition *gp;
    int32_t epoch;
};

static struct group_partition *any_partition(struct scene *s, struct group *g)
{
    char name[16];
    snprintf(name, sizeof(name), "t%d", (int)world_below(&s->world, (uint64_t)s->topic_count));
    struct group_topic *gt = group_topic(g, bytes_of_string(name));
    if (gt == NULL || gt->partition_count == 0)
        return NULL;
    return gt->partitions[world_below(&s->world, (uint64_t)gt->partition_count)];
}

static bool commit_strangely(struct scene *s, struct strange *strange)
{
    struct group *g = group_now(s, (int)world_below(&s->world, (uint64_t)s->group_count));
    struct group_partition *gp = g == NULL ? NULL : any_partition(s, g);
    if (gp == NULL || gp->committed < 0 || s->audit_count > 0)
        return false;
    if (world_chance(&s->world, 30)) {
        if (!audit(s, AUDIT_MUST_FAIL, 0))
            return false;
        wire_send(s->admin, "COMMIT %s nobody %s %d %lld", g->name.data, gp->topic->name.data,
                  (int)gp->number, (long long)gp->committed);
        s->counts[SCENE_STRANGE_COMMITS]++;
        return false;
    }
    LIST_EACH (it, &g->members) {
        struct member *m = CONTAINER_OF(it, struct member, in_group);
        if (gp->owner == m || gp->target == m || world_chance(&s->world, 50))
            continue;
        if (!audit(s, AUDIT_ANY, 0))
            return false;
        wire_send(s->admin, "COMMIT %s %s %s %d %lld", g->name.data, m->name.data,
                  gp->topic->name.data, (int)gp->number, (long long)gp->committed);
        s->counts[SCENE_STRANGE_COMMITS]++;
        *strange = (struct strange){g, m, gp, g->epoch};
        return true;
    }
    return false;
}

/* --- promises, after every turn --------------------------------------------------------------------- */

static void check_partition(struct scene *s, int g, const struct group_partition *gp)
{
    int t = gp->topic->name.data[1] - '0';
    int64_t *committed = &s->groups[g].committed[t][gp->number];
    if (gp->committed < *committed && !s->groups[g].seeking)
        world_fail("g%d: the committed offset of t%d/%d went back from %lld to %lld", g, t,
                   (int)gp->number, (long long)*committed, (long long)gp->committed);
    *committed = gp->committed;
}

/* Each partition of the group is in the hands of at most one member, as members tell. */
static void check_owners(int g, const struct group *group)
{
    size_t owned = 0, there = 0;
    LIST_EACH (it, &group->members) {
        const struct member *m = CONTAINER_OF(it, struct member, in_group);
        LIST_EACH (at, &m->owned) {
            const struct group_partition *gp = CONTAINER_OF(at, struct group_partition, of_owner);
            if (gp->owner != m)
                world_fail("g%d: two members have %s/%d", g, gp->topic->name.data, (int)gp->number);
            owned++;
        }
    }
    LIST_EACH (it, &group->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        for (int32_t p = 0; p < gt->partition_count; p++)
            there += gt->partitions[p]->owner != NULL;
    }
    if (owned != there)
        world_fail("g%d: members have %zu partitions, and %zu are had", g, owned, there);
}

/* What an epoch may not fall below after a restart: the bound that is on the device. */
static void note_bound(struct scene *s, struct scene_group *sg, const struct group *group)
{
    const struct topic *t =
        catalog_find(broker_services(s->world.broker)->catalog, BYTES_LITERAL(OFFSET_TOPIC));
    const struct partition *log = t == NULL ? NULL : t->partitions[0]->log;
    if (log == NULL)
        return;
    if (group->epoch_bound != sg->bound) {
        sg->bound = group->epoch_bound;
        sg->bound_batch = partition_batch_last(log);
    }
    if (!t->creating && partition_batch_synced(log) >= sg->bound_batch)
        sg->bound_durable = sg->bound;
}

static void check_group(struct scene *s, int g)
{
    const struct group *group = group_now(s, g);
    struct scene_group *sg = &s->groups[g];
    if (group == NULL)
        return;
    if (group->epoch < sg->epoch)
        world_fail("g%d: its epoch went back from %d to %d", g, (int)sg->epoch, (int)group->epoch);
    if (group->epoch != sg->epoch)
        for (int i = 0; i < s->worker_count; i++)
            if (s->workers[i].group == g)
                worker_may_go_back(&s->workers[i]);
    sg->epoch = group->epoch;
    note_bound(s, sg, group);
    check_owners(g, group);
    LIST_EACH (it, &group->topics) {
        const struct group_topic *gt = CONTAINER_OF(it, struct group_topic, in_group);
        for (int32_t p = 0; p < gt->partition_count; p++)
            check_partition(s, g, gt->partitions[p]);
    }
}

static void check(struct scene *s)
{
    for (int g = 0; g < s->group_count; g++)
        check_group(s, g);
}

/* --- life and death ----------------------------------------------------------------------------------- */

static void count_stats(struct scene *s)
{
    const struct groups_stats *stats = &groups_of(s)->stats;
    s->counts[SCENE_REBALANCES] += stats->rebalances;
    s->counts[SCENE_EXPIRED] += stats->expired_sessions;
    const struct storage_stats *stored = storage_stats(broker_services(s->world.broker)->storage);
    s->counts[SCENE_SEGMENTS] += stored->segments_removed;
    s->counts[SCENE_COMPACTIONS] += stored->compactions;
}

static void drop_wires(struct scene *s)
{
    take_produced(s);
    take_audits(s);
    if (s->producer != NULL)
        wire_cut(s->producer, 0);
    if (s->admin != NULL)
        wire_cut(s->admin, 0);
    s->producer = s->admin = NULL;
    for (size_t i = 0; i < s->audit_count; i++)
        if (s->audits[i].kind == AUDIT_KICK)
            worker_was_kicked(&s->workers[s->audits[i].which]);
    for (int g = 0; g < s->group_count; g++)
        s->groups[g].seeking = false;
    s->produced_count = s->audit_count = 0;
    for (int i = 0; i < s->worker_count; i++)
        worker_broker_died(&s->workers[i]);
    for (int i = 0; i < s->watcher_count; i++)
        watcher_drop(&s->watchers[i]);
}

/* What is committed after a restart: at least what was acknowledged to be. */
static void note_floor(struct scene *s)
{
    for (int g = 0; g < s->group_count; g++) {
        struct scene_group *sg = &s->groups[g];
        memcpy(sg->committed, s->ledger.committed[g], sizeof(sg->committed));
        /* A group that was never on the device is another one now. */
        if (sg->bound_durable == 0)
            sg->epoch = 0;
        sg->bound = sg->bound_durable;
        sg->bound_batch = 0;
    }
}

/* Topics whose change was under way may have it or not. */
static void look_at_topics(struct scene *s)
{
    for (int t = 0; t < s->topic_count; t++) {
        char name[16];
        snprintf(name, sizeof(name), "t%d", t);
        const struct topic *topic =
            catalog_find(broker_services(s->world.broker)->catalog, bytes_of_string(name));
        int32_t now = topic == NULL ? 0 : topic->partition_count;
        if (now < s->partitions[t])
            world_fail("t%d has %d partitions and had %d", t, (int)now, (int)s->partitions[t]);
        s->partitions[t] = now;
    }
}

static void die(struct scene *s)
{
    bool power = world_chance(&s->world, 50);
    s->counts[power ? SCENE_POWER_CUTS : SCENE_KILLS]++;
    count_stats(s);
    drop_wires(s);
    if (power)
        ledger_power_cut(&s->ledger);
    world_restart(&s->world, power);
    note_floor(s);
    look_at_topics(s);
    check(s);
}

/* --- a step --------------------------------------------------------------------------------------------- */

static void mischief(struct scene *s)
{
    struct world *w = &s->world;
    uint64_t what = world_below(w, 1000);
    if (what < 4)
        world_die_soon(w, 60);
    else if (what < 6)
        die(s);
    else if (what < 16)
        kick(s);
    else if (what < 26)
        grow(s);
    else if (what < 30)
        trim(s);
    else if (what < 32)
        seek(s);
}

static void step(struct scene *s)
{
    struct world *w = &s->world;
    struct strange strange = {0};
    bool strangely = false;
    if (!s->quiet) {
        mischief(s);
        for (uint64_t n = world_below(w, 4); n > 0; n--)
            produce(s);
        strangely = world_chance(w, 5) && commit_strangely(s, &strange);
    }
    for (int i = 0; i < s->worker_count; i++)
        worker_step(&s->workers[i]);
    for (int i = 0; i < s->watcher_count; i++)
        watcher_step(&s->watchers[i]);
    s->counts[SCENE_TURNS]++;
    bool died = world_tick(w);
    if (strangely && !died && strange.group->epoch == strange.epoch && s->audit_count == 1)
        s->audits[0].kind = AUDIT_MUST_FAIL;
    take_produced(s);
    take_audits(s);
    if (died) {
        die(s);
        return;
    }
    check(s);
    if (world_chance(w, s->quiet ? 50 : 15))
        world_sleep(w, (int64_t)world_below(w, SLEEP_MS_MAX));
}

/* Records that came to somebody. */
static uint64_t moves(const struct scene *s)
{
    uint64_t sum = s->stats.records;
    for (int i = 0; i < s->watcher_count; i++)
        sum += s->watchers[i].records;
    return sum;
}

/* No more mischief, until no record moves any more. */
static void come_to_rest(struct scene *s)
{
    s->quiet = true;
    if (s->world.disk->dead)
        die(s);
    sim_disk_fair(s->world.disk);
    s->world.disk->calls_left = -1;
    for (int i = 0; i < s->worker_count; i++) {
        s->workers[i].quiet = true;
        s->workers[i].asleep_to_us = 0;
    }
    for (int i = 0; i < s->watcher_count; i++) {
        s->watchers[i].quiet = true;
        watcher_drop(&s->watchers[i]); /* to follow the partitions that were added meanwhile, too */
    }
    uint64_t moved = moves(s);
    uint64_t still = 0;
    for (uint64_t turn = 0; still < REST_TURNS; turn++) {
        step(s);
        still = moves(s) == moved ? still + 1 : 0;
        moved = moves(s);
        if (turn > REST_TURNS_MAX)
            world_fail("records are given out again and again");
    }
}

static void check_rest(struct scene *s)
{
    for (int i = 0; i < s->watcher_count; i++)
        watcher_check_all(&s->watchers[i]);
    for (int g = 0; g < s->group_count; g++) {
        if (s->groups[g].mode != WORKER_BEFORE)
            ledger_check_all(&s->ledger, g, s->groups[g].topics);
        const struct group *group = group_now(s, g);
        if (group == NULL)
            world_fail("g%d is not there", g);
        if (group_state(group) != GROUP_STABLE)
            world_fail("g%d does not settle: it is %s", g, group_state_text(group_state(group)));
        size_t least = SIZE_MAX, most = 0;
        LIST_EACH (it, &group->members) {
            const struct member *m = CONTAINER_OF(it, struct member, in_group);
            least = m->owned_count < least ? m->owned_count : least;
            most = m->owned_count > most ? m->owned_count : most;
        }
        if (s->groups[g].same_topics && most > least + 1)
            world_fail("g%d is not balanced: a member has %zu partitions, another %zu", g, most,
                       least);
    }
}

/* --- a seed --------------------------------------------------------------------------------------------- */

static void add_group(struct scene *s, int g)
{
    struct world *w = &s->world;
    struct scene_group *sg = &s->groups[g];
    memset(sg->committed, 0xff, sizeof(sg->committed));
    sg->mode = (enum worker_mode)world_below(w, WORKER_MODES);
    sg->same_topics = world_chance(w, 70);
    int members = 1 + (int)world_below(w, WORKERS_MAX / LEDGER_GROUPS);
    const char *topics = topic_sets[world_below(w, 3)];
    static const char *const assignors[] = {"STICKY", "STICKY", "STICKY", "RANGE", "ROUNDROBIN"};
    const char *assignor = assignors[world_below(w, 5)];
    /* The others balance topic by topic, or by turns. */
    sg->same_topics = sg->same_topics && strcmp(assignor, "STICKY") == 0;
    for (int m = 0; m < members; m++) {
        struct worker *k = &s->workers[s->worker_count++];
        const char *own = sg->same_topics ? topics : topic_sets[m == 0 ? 2 : world_below(w, 4)];
        worker_init(k, w, &s->ledger, &s->stats, g, m, sg->mode, own);
        k->assignor = assignor;
        k->again = &sg->again;
        for (const char *c = own; *c != '\0'; c++)
            sg->topics |= *c >= '0' && *c <= '9' ? 1u << (*c - '0') : 0;
    }
}

static void begin(struct scene *s)
{
    struct world *w = &s->world;
    memset(s->ledger.committed, 0xff, sizeof(s->ledger.committed));
    s->topic_count = LEDGER_TOPICS;
    s->ledger.clock = &w->clock;
    s->segment_bytes = SEGMENT_BYTES_MIN << world_below(w, 8);
    if (world_chance(w, 50))
        s->ledger.kept[1].retention_ms = RETENTION_MS_MIN << world_below(w, 4);
    s->ledger.kept[2].compacted = world_chance(w, 50);
    s->group_count = 1 + (int)world_below(w, LEDGER_GROUPS);
    w->disk->odds[SIM_COLD_READ] = (uint32_t)world_below(w, SIM_ODDS_ONE / 4);
    for (int g = 0; g < s->group_count; g++)
        add_group(s, g);
    for (int t = 0; t < s->topic_count; t++) {
        int32_t partitions = 1 + (int32_t)world_below(w, 4);
        if (t > 0 && world_chance(w, 30))
            continue; /* comes later */
        audit(s, AUDIT_ANY, 0);
        create(s, t, partitions);
        while (s->audit_count > 0) {
            if (world_tick(w))
                world_fail("the disk died by itself");
            if (wire_is_broken(s->admin))
                world_fail("the broker closed the line");
            take_audits(s);
        }
        s->partitions[t] = partitions;
    }
    s->watcher_count = (int)world_below(w, WATCHERS_MAX + 1);
    for (int i = 0; i < s->watcher_count; i++)
        watcher_init(&s->watchers[i], w, &s->ledger, s->partitions, i);
}

void scene_run(uint64_t seed, uint64_t steps, bool verbose, uint64_t counts[SCENE_COUNT])
{
    struct scene *s = calloc(1, sizeof(*s));
    s->counts = counts;
    world_init(&s->world, seed, verbose);
    begin(s);
    for (uint64_t i = 0; i < steps; i++)
        step(s);
    come_to_rest(s);
    check_rest(s);
    count_stats(s);

    drop_wires(s);
    for (int i = 0; i < s->worker_count; i++)
        worker_deinit(&s->workers[i]);
    for (int i = 0; i < s->watcher_count; i++) {
        watcher_deinit(&s->watchers[i]);
        counts[SCENE_FOLLOWED] += s->watchers[i].records;
        counts[SCENE_FOLLOWED_AGAIN] += s->watchers[i].resumed;
        counts[SCENE_FOLLOWER_STALLS] += s->watchers[i].stalls;
        counts[SCENE_FOLLOWER_LOST] += s->watchers[i].lost;
    }
    counts[SCENE_PROCESSED] = s->ledger.processed;
    counts[SCENE_TWICE] = s->ledger.twice;
    counts[SCENE_CONSUMES] = s->stats.consumes;
    counts[SCENE_BLOCKED] = s->stats.blocked;
    counts[SCENE_PIPELINED] = s->stats.pipelined;
    counts[SCENE_COMMITS] = s->stats.commits;
    counts[SCENE_LATE_COMMITS] = s->stats.late_commits;
    counts[SCENE_FENCED] = s->stats.fenced;
    counts[SCENE_UNKNOWN] = s->stats.unknown;
    counts[SCENE_CUTS] = s->stats.cuts;
    counts[SCENE_RETRIES] = s->stats.retries;
    counts[SCENE_STALLS] = s->stats.stalls;
    counts[SCENE_LEAVES] = s->stats.leaves;
    counts[SCENE_LOST] = s->stats.lost;
    for (size_t i = 0; i < s->ledger.count; i++)
        counts[SCENE_LOST_WITH_POWER] += s->ledger.records[i].may_be_lost;
    world_deinit(&s->world);
    ledger_deinit(&s->ledger);
    free(s);
}
