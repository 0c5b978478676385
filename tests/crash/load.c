/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/load.h"
#include "crash/process.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 20
#define TOPICS_MIN 2 /* fewer are made more at once */
#define ACTORS (LOAD_WRITERS + LOAD_READERS + 1)

enum request_kind {
    PRODUCE,
    MPRODUCE_VALUES,
    MPRODUCE_PAIRS,
    FETCH,
    CREATE,
    GROW,
    DELETE,
    CONFIGURE
};

/* --- what all have in common -------------------------------------------------------------------- */

static struct topic *topic_of(struct load *load, const struct request *request)
{
    return &load->ledger->topics[request->topic];
}

static void send_request(struct load *load, struct link *link, const struct command *c,
                         const struct request *request)
{
    topic_of(load, request)->in_flight++;
    link_send(link, c, request);
}

/* An error is a failure, but for one about a topic that is being deleted. */
static bool is_excused(struct load *load, const struct request *request, const redisReply *reply)
{
    enum topic_state state = topic_of(load, request)->state;
    return (state == TOPIC_DELETING || state == TOPIC_GONE) &&
           strncmp(reply->str, "UNKNOWNTOPIC", 12) == 0;
}

/* --- writers ------------------------------------------------------------------------------------ */

static void add_level(struct command *c, enum level level)
{
    command_add(c, "ACK");
    command_add(c, level_names[level]);
}

/* Room for what a command's words point to while it is put together. */
struct words {
    struct item item;
    char partition[16], writer[16];
};

static void write_one(struct writer *w, struct sent *like, struct words *words)
{
    struct ledger *l = w->load->ledger;
    struct random *r = &w->random;
    const struct topic *t = &l->topics[like->topic];
    struct command c = {0};
    like->flags = (uint8_t)((random_chance(r, 50) ? SENT_KEYED : 0) |
                            (random_chance(r, 10) ? SENT_HEADER : 0));
    if (random_chance(r, 30))
        like->partition = (int32_t)random_below(r, (uint32_t)t->partitions);
    uint32_t sequence = ledger_send(l, w->number, like, 1);
    item_make(l->seed, w->number, sequence, &words->item);

    command_add(&c, "PRODUCE");
    command_add(&c, t->name);
    command_add_bytes(&c, words->item.value, words->item.value_len);
    if (like->flags & SENT_KEYED) {
        command_add(&c, "KEY");
        command_add_bytes(&c, words->item.key, words->item.key_len);
    }
    if (like->partition != -1) {
        snprintf(words->partition, sizeof(words->partition), "%d", like->partition);
        command_add(&c, "PARTITION");
        command_add(&c, words->partition);
    }
    if (like->flags & SENT_HEADER) {
        snprintf(words->writer, sizeof(words->writer), "%u", w->number);
        command_add(&c, "HEADER");
        command_add(&c, "writer");
        command_add(&c, words->writer);
    }
    add_level(&c, like->level);
    struct request request = {PRODUCE, like->topic, sequence, 1, like->partition, 0};
    send_request(w->load, &w->link, &c, &request);
}

static void write_many(struct writer *w, struct sent *like, struct words *words)
{
    struct ledger *l = w->load->ledger;
    struct random *r = &w->random;
    const struct topic *t = &l->topics[like->topic];
    struct command c = {0};
    bool pairs = random_chance(r, 50);
    uint32_t count = random_between(r, 1, VALUES_MAX);
    if (pairs)
        like->flags = SENT_KEYED;
    else if (random_chance(r, 50))
        like->partition = (int32_t)random_below(r, (uint32_t)t->partitions);
    uint32_t first = ledger_send(l, w->number, like, count);

    command_add(&c, "MPRODUCE");
    command_add(&c, t->name);
    if (like->partition != -1) {
        snprintf(words->partition, sizeof(words->partition), "%d", like->partition);
        command_add(&c, "PARTITION");
        command_add(&c, words->partition);
    }
    add_level(&c, like->level);
    command_add(&c, pairs ? "PAIRS" : "VALUES");
    struct item *items = malloc(count * sizeof(*items));
    for (uint32_t i = 0; i < count; i++) {
        item_make(l->seed, w->number, first + i, &items[i]);
        if (pairs)
            command_add_bytes(&c, items[i].key, items[i].key_len);
        command_add_bytes(&c, items[i].value, items[i].value_len);
    }
    struct request request = {
        pairs ? MPRODUCE_PAIRS : MPRODUCE_VALUES, like->topic, first, count, like->partition, 0};
    send_request(w->load, &w->link, &c, &request);
    free(items);
}

static void write_more(struct writer *w)
{
    struct ledger *l = w->load->ledger;
    static const int burst = 16; /* before the sockets have their turn */
    struct words words;
    for (int i = 0; i < burst && w->left > 0 && link_has_room(&w->link, w->window); i++) {
        const struct topic *t = ledger_topic_draw(l, &w->random);
        if (t == NULL)
            return;
        struct sent like = {
            .topic = (uint32_t)(t - l->topics),
            .partition = -1,
            .partitions = (uint8_t)t->partitions,
            .level =
                w->any_level ? (uint8_t)random_below(&w->random, LEVEL_COUNT) : (uint8_t)w->level,
        };
        uint32_t before = l->writers[w->number].count;
        if (random_chance(&w->random, 75))
            write_one(w, &like, &words);
        else
            write_many(w, &like, &words);
        uint32_t count = l->writers[w->number].count - before;
        w->left -= count < w->left ? count : w->left;
    }
}

static bool is_part(const redisReply *r, size_t elements)
{
    if (r->type != REDIS_REPLY_ARRAY || r->elements != elements)
        return false;
    for (size_t i = 0; i < elements; i++)
        if (r->element[i]->type != REDIS_REPLY_INTEGER)
            return false;
    return true;
}

/* Part i of the reply to MPRODUCE: this many of its records went to that partition, from that offset on. */
struct part {
    int64_t partition, base, count, taken;
};

static struct part *part_of(struct part *parts, size_t count, int64_t partition)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].partition == partition)
            return &parts[i];
    return NULL;
}

/* Where each record went, if the topic had `partitions` of them (0: they all went in order). Counts in
 * parts[].taken; with `tell`, tells the ledger. False: that is not how it was. */
static bool deal_out(struct writer *w, const struct request *request, struct part *parts,
                     size_t count, int32_t partitions, bool tell)
{
    struct ledger *l = w->load->ledger;
    for (size_t i = 0; i < count; i++)
        parts[i].taken = 0;
    for (uint32_t s = request->first; s < request->first + request->count; s++) {
        struct part *part = parts;
        if (partitions > 0) {
            item_make(l->seed, w->number, s, &l->item);
            int32_t to = item_partition(l->item.key, l->item.key_len, partitions);
            part = part_of(parts, count, to);
        } else {
            while (part < parts + count && part->taken == part->count)
                part++;
        }
        if (part == NULL || part == parts + count || part->taken == part->count)
            return false;
        int64_t offset = part->base < 0 ? -1 : part->base + part->taken;
        part->taken++;
        if (tell)
            ledger_acknowledge(l, w->number, s, part->partition, offset);
    }
    for (size_t i = 0; i < count; i++)
        if (parts[i].taken != parts[i].count)
            return false;
    return true;
}

static void many_answered(struct writer *w, const struct request *request, const redisReply *reply)
{
    struct ledger *l = w->load->ledger;
    struct part parts[PARTITIONS_MAX];
    const struct sent *sent = ledger_sent(l, w->number, request->first);
    int32_t low = 0, high = 0;
    bool fine = reply->type == REDIS_REPLY_ARRAY && reply->elements <= PARTITIONS_MAX;
    for (size_t i = 0; fine && i < reply->elements; i++) {
        const redisReply *element = reply->element[i];
        if (element->type == REDIS_REPLY_ERROR && is_excused(w->load, request, element))
            return; /* a part met the deletion of the topic: the others go with it */
        fine = is_part(element, 3);
        if (fine)
            parts[i] = (struct part){element->element[0]->integer, element->element[1]->integer,
                                     element->element[2]->integer, 0};
        else if (element->type == REDIS_REPLY_ERROR)
            ledger_fail(l, sent->level, "%s: -%s", l->topics[sent->topic].name, element->str);
    }
    if (request->kind == MPRODUCE_PAIRS) {
        low = sent->partitions;
        high = l->topics[sent->topic].partitions_asked;
    }
    int32_t matches = 0, match = 0;
    for (int32_t n = low; fine && n <= high; n++)
        if (deal_out(w, request, parts, reply->elements, n, false)) {
            matches++;
            match = n;
        }
    if (matches == 1)
        deal_out(w, request, parts, reply->elements, match, true);
    else if (matches == 0)
        ledger_fail(l, sent->level, "%s: the reply to MPRODUCE does not add up",
                    l->topics[sent->topic].name);
    /* else the topic grew meanwhile, and the counts alone do not tell which record went where */
}

static void writer_answered(void *ctx, const struct request *request, const redisReply *reply)
{
    struct writer *w = ctx;
    struct ledger *l = w->load->ledger;
    topic_of(w->load, request)->in_flight--;
    const struct sent *sent = ledger_sent(l, w->number, request->first);
    if (reply->type == REDIS_REPLY_ERROR) {
        /* One that a deletion overtook may have been written and seen before, and a crash may
         * leave the topic as it was before: such a record may be there or not. */
        if (is_excused(w->load, request, reply))
            return;
        ledger_fail(l, sent->level, "%s: -%s", l->topics[sent->topic].name, reply->str);
    } else if (request->kind != PRODUCE) {
        many_answered(w, request, reply);
    } else if (is_part(reply, 2)) {
        ledger_acknowledge(l, w->number, request->first, reply->element[0]->integer,
                           reply->element[1]->integer);
    } else {
        ledger_fail(l, sent->level, "that is no reply to PRODUCE");
    }
}

/* --- readers ------------------------------------------------------------------------------------ */

static bool reader_chooses(struct reader *r)
{
    struct ledger *l = r->load->ledger;
    const struct topic *t = ledger_topic_draw(l, &r->random);
    if (t == NULL)
        return false;
    r->topic = (uint32_t)(t - l->topics);
    r->partition = (int32_t)random_below(&r->random, (uint32_t)t->partitions);
    r->next = t->ends[r->partition];
    if (random_chance(&r->random, 40))
        r->next = (int64_t)(random_next(&r->random) % (uint64_t)(r->next + 1));
    r->done = false;
    return true;
}

static void read_more(struct reader *r)
{
    if (!link_has_room(&r->link, 1) || (r->done && !reader_chooses(r)))
        return;
    struct command c = {0};
    char numbers[5][24];
    snprintf(numbers[0], 24, "%d", r->partition);
    snprintf(numbers[1], 24, "%lld", (long long)r->next);
    snprintf(numbers[2], 24, "%u", random_between(&r->random, 1, 300));
    snprintf(numbers[3], 24, "%u", random_between(&r->random, 1, 200000));
    snprintf(numbers[4], 24, "%u", random_between(&r->random, 1, 30));
    const char *words[] = {"FETCH",    r->load->ledger->topics[r->topic].name,
                           numbers[0], numbers[1],
                           "COUNT",    numbers[2],
                           "MAXBYTES", numbers[3],
                           "BLOCK",    numbers[4]};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        command_add(&c, words[i]);
    struct request request = {FETCH, r->topic, 0, 0, r->partition, r->next};
    send_request(r->load, &r->link, &c, &request);
}

static void reader_answered(void *ctx, const struct request *request, const redisReply *reply)
{
    struct reader *r = ctx;
    struct ledger *l = r->load->ledger;
    topic_of(r->load, request)->in_flight--;
    r->done = true;
    if (reply->type != REDIS_REPLY_ARRAY) {
        bool excused = reply->type == REDIS_REPLY_ERROR && is_excused(r->load, request, reply);
        if (!excused)
            ledger_fail(l, LEVEL_ALL, "%s-%d: FETCH from %lld: %s",
                        topic_of(r->load, request)->name, request->partition,
                        (long long)request->offset, reply->str);
        return;
    }
    for (size_t i = 0; i < reply->elements; i++) {
        uint32_t writer, sequence;
        if (ledger_judge(l, request->topic, request->partition, r->next, reply->element[i], &writer,
                         &sequence) == NULL)
            return;
        l->seen++;
        r->next = reply->element[i]->element[0]->integer + 1;
    }
    r->done = reply->elements == 0 || random_chance(&r->random, 30) ||
              topic_of(r->load, request)->state != TOPIC_LIVE;
}

/* --- topics that come and go ---------------------------------------------------------------------- */

static bool is_in_use(const struct ledger *l, const char *name)
{
    for (uint32_t i = 0; i < l->topic_count; i++)
        if (strcmp(l->topics[i].name, name) == 0 &&
            (l->topics[i].state != TOPIC_GONE || l->topics[i].in_flight > 0))
            return true;
    return false;
}

static const char *draw_segment_bytes(struct random *r)
{
    static const char *const sizes[] = {"4096", "16384", "65536", "262144"};
    return sizes[random_below(r, 4)];
}

static void create_topic(struct admin *a)
{
    struct ledger *l = a->load->ledger;
    struct command c = {0};
    char name[16], partitions[16];
    snprintf(name, sizeof(name), "topic%u", random_below(&a->random, TOPIC_NAMES));
    if (is_in_use(l, name))
        return;
    int32_t count = (int32_t)random_between(&a->random, 1, 4);
    struct topic *t = ledger_topic_add(l, name, count);
    snprintf(partitions, sizeof(partitions), "%d", count);
    const char *words[] = {"TOPIC",
                           "CREATE",
                           name,
                           "PARTITIONS",
                           partitions,
                           "CONFIG",
                           "segment.bytes",
                           draw_segment_bytes(&a->random),
                           "flush.ms",
                           random_chance(&a->random, 50) ? "20" : "1000"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        command_add(&c, words[i]);
    struct request request = {CREATE, (uint32_t)(t - l->topics), 0, 0, 0, 0};
    send_request(a->load, &a->link, &c, &request);
}

static void change_topic(struct admin *a, enum request_kind kind)
{
    struct ledger *l = a->load->ledger;
    struct topic *t = ledger_topic_draw(l, &a->random);
    struct command c = {0};
    char partitions[16];
    if (t == NULL || (kind == GROW && t->partitions == PARTITIONS_MAX))
        return;
    const char *const words[] = {kind == DELETE ? "DELETE"
                                 : kind == GROW ? "ALTER"
                                                : "CONFIG",
                                 kind == CONFIGURE ? "SET" : t->name};
    command_add(&c, "TOPIC");
    command_add(&c, words[0]);
    command_add(&c, words[1]);
    if (kind == DELETE) {
        t->state = TOPIC_DELETING;
    } else if (kind == GROW) {
        int32_t more = PARTITIONS_MAX - t->partitions < 2 ? 1 : 2;
        t->partitions_asked =
            t->partitions + (int32_t)random_between(&a->random, 1, (uint32_t)more);
        snprintf(partitions, sizeof(partitions), "%d", t->partitions_asked);
        command_add(&c, "PARTITIONS");
        command_add(&c, partitions);
        command_add(&c, "REMAP");
    } else {
        command_add(&c, t->name);
        command_add(&c, "segment.bytes");
        command_add(&c, draw_segment_bytes(&a->random));
    }
    struct request request = {kind, (uint32_t)(t - l->topics), 0, 0, 0, 0};
    send_request(a->load, &a->link, &c, &request);
}

static uint32_t live_topics(const struct ledger *l)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->topic_count; i++)
        count += l->topics[i].state == TOPIC_LIVE;
    return count;
}

static void administer(struct admin *a)
{
    uint32_t live = live_topics(a->load->ledger);
    if (!link_has_room(&a->link, 1) || (a->calm && live >= 3))
        return;
    if (live >= TOPICS_MIN && now_ms() < a->next_ms)
        return;
    a->next_ms = now_ms() + random_below(&a->random, 60);
    uint32_t what = random_below(&a->random, 100);
    if (live < TOPICS_MIN || what < 45 || a->calm)
        create_topic(a);
    else if (what < 65)
        change_topic(a, DELETE);
    else if (what < 85)
        change_topic(a, GROW);
    else
        change_topic(a, CONFIGURE);
}

static void admin_answered(void *ctx, const struct request *request, const redisReply *reply)
{
    struct admin *a = ctx;
    struct topic *t = topic_of(a->load, request);
    t->in_flight--;
    if (reply->type != REDIS_REPLY_STATUS) {
        ledger_fail(a->load->ledger, LEVEL_ALL, "%s: a change of the topic was answered -%s",
                    t->name, reply->type == REDIS_REPLY_ERROR ? reply->str : "?");
        return;
    }
    if (request->kind == CREATE)
        t->state = TOPIC_LIVE;
    else if (request->kind == GROW)
        t->partitions = t->partitions_asked;
    else if (request->kind == DELETE)
        t->state = TOPIC_GONE;
}

/* --- all together ----------------------------------------------------------------------------- */

static size_t each_link(struct load *load, struct link *links[ACTORS])
{
    size_t count = 0;
    for (size_t i = 0; i < LOAD_WRITERS; i++)
        links[count++] = &load->writers[i].link;
    for (size_t i = 0; i < LOAD_READERS; i++)
        links[count++] = &load->readers[i].link;
    links[count++] = &load->admin.link;
    return count;
}

bool load_begin(struct load *load, struct ledger *ledger, const struct load_options *options)
{
    struct random r = {options->seed};
    memset(load, 0, sizeof(*load));
    load->ledger = ledger;
    for (uint32_t i = 0; i < ledger->topic_count; i++)
        ledger->topics[i].in_flight = 0;
    for (uint32_t i = 0; i < LOAD_WRITERS; i++) {
        struct writer *w = &load->writers[i];
        *w = (struct writer){.load = load, .number = i, .random = {random_next(&r)}};
        w->link.answered = writer_answered;
        w->link.ctx = w;
        w->window = 1u << random_below(&r, 8); /* 1 … 128 */
        w->left = options->records_max / LOAD_WRITERS;
        w->any_level = options->level == LEVEL_ALL && random_chance(&r, 50);
        w->level = options->level == LEVEL_ALL
                       ? (enum level)((i + random_below(&r, 2)) % LEVEL_COUNT)
                       : options->level;
    }
    for (size_t i = 0; i < LOAD_READERS; i++) {
        struct reader *reader = &load->readers[i];
        *reader = (struct reader){.load = load, .random = {random_next(&r)}, .done = true};
        reader->link.answered = reader_answered;
        reader->link.ctx = reader;
    }
    load->admin = (struct admin){.load = load, .random = {random_next(&r)}, .calm = options->calm};
    load->admin.link.answered = admin_answered;
    load->admin.link.ctx = &load->admin;

    struct link *links[ACTORS];
    size_t count = each_link(load, links);
    bool open = true;
    for (size_t i = 0; i < count; i++)
        open = link_open(links[i], options->port) && open;
    return open;
}

static bool is_finished(const struct load *load)
{
    for (size_t i = 0; i < LOAD_WRITERS; i++)
        if (load->writers[i].left > 0 || load->writers[i].link.count > 0)
            return false;
    return load->admin.link.count == 0;
}

void load_run(struct load *load, double until_ms, bool finish)
{
    struct link *links[ACTORS], *open[ACTORS];
    struct pollfd fds[ACTORS];
    size_t count = each_link(load, links);
    while (now_ms() < until_ms && !(finish && is_finished(load))) {
        administer(&load->admin);
        for (size_t i = 0; i < LOAD_WRITERS; i++)
            write_more(&load->writers[i]);
        for (size_t i = 0; i < LOAD_READERS; i++)
            read_more(&load->readers[i]);
        nfds_t open_count = 0;
        for (size_t i = 0; i < count; i++)
            if (links[i]->context != NULL) {
                fds[open_count] = (struct pollfd){links[i]->context->fd, link_events(links[i]), 0};
                open[open_count++] = links[i];
            }
        if (open_count == 0)
            return;
        poll(fds, open_count, 1);
        for (size_t i = 0; i < open_count; i++)
            if (fds[i].revents != 0)
                link_turn(open[i], fds[i].revents);
    }
}

void load_await_topics(struct load *load)
{
    double deadline = now_ms() + PROCESS_DEADLINE_MS;
    while (live_topics(load->ledger) < TOPICS_MIN && now_ms() < deadline)
        load_run(load, now_ms() + 1, false);
}

void load_end(struct load *load)
{
    struct link *links[ACTORS];
    size_t count = each_link(load, links);
    for (size_t i = 0; i < count; i++) {
        link_drain(links[i]);
        links[i]->count = 0;
    }
}
